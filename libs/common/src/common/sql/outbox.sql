-- What is to be published. Rows are read in order of position and deleted exactly when acknowledged; a row without a body
-- is the event (key, version) of the table events, rendered by the relay. A barrier row goes out alone in its partition.
CREATE TABLE outbox (
    position  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic     text     NOT NULL,
    partition smallint NOT NULL,
    key       text     NOT NULL,
    version   integer,
    type      text     NOT NULL,
    body      text,
    tombstone boolean  NOT NULL DEFAULT false,
    barrier   boolean  NOT NULL DEFAULT false
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);
