-- The append-only event store: the source of truth. `version` is the gap-free sequence of its stream; `data` is the event's
-- JSON as it goes to the topic, never rewritten.
CREATE TABLE events (
    stream_id      text        NOT NULL,
    version        integer     NOT NULL CHECK (version > 0),
    id             uuid        NOT NULL,
    type           text        NOT NULL,
    occurred_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    source         text        NOT NULL,
    correlation_id text        NOT NULL DEFAULT '',
    data           text        NOT NULL,
    PRIMARY KEY (stream_id, version)
);
CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON events FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();
