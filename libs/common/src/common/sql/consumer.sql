-- Where each partition is read next; the row is the fence: it is taken FOR UPDATE before anything of a batch is applied.
-- topic_id is Kafka's own, so that a topic made anew is noticed.
CREATE TABLE consumer_offsets (
    topic       text     NOT NULL,
    topic_id    text     NOT NULL,
    partition   smallint NOT NULL,
    next_offset bigint   NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, topic_id, partition)
);
-- The last sequence applied of each stream; parked streams keep their records in parked_records until the cause is gone.
CREATE TABLE stream_heads (
    topic     text    NOT NULL,
    key       text    NOT NULL,
    version   integer NOT NULL,
    last_id   text    NOT NULL,
    parked_at timestamptz,
    reason    text,
    PRIMARY KEY (topic, key)
) WITH (fillfactor = 70);
CREATE INDEX stream_heads_parked ON stream_heads (topic, key) WHERE parked_at IS NOT NULL;
CREATE TABLE parked_records (
    topic       text     NOT NULL,
    key         text     NOT NULL,
    version     integer  NOT NULL,
    partition   smallint NOT NULL,
    "offset"    bigint   NOT NULL,
    type        text     NOT NULL,
    value       bytea    NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, key, version, partition, "offset")
);
CREATE TABLE dead_letters (
    topic       text     NOT NULL,
    partition   smallint NOT NULL,
    "offset"    bigint   NOT NULL,
    key         text,
    headers     text     NOT NULL DEFAULT '',
    value       bytea,
    reason      text     NOT NULL,
    detail      text     NOT NULL,
    attempts    integer  NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    dismissed_at timestamptz,
    dismissed_why text,
    PRIMARY KEY (topic, partition, "offset")
);
