-- When a partition was last known to be read to its end; who answers by a copy looks here whether it is still true.
CREATE TABLE fresh (
    topic     text        NOT NULL,
    partition smallint    NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
