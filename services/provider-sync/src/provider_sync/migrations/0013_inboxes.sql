-- Senders that push by Kafka, with what they may; and where each partition of their topics is read next.
CREATE TABLE inboxes (
    provider  text PRIMARY KEY REFERENCES providers (id),
    scopes    text[] NOT NULL,
    open      boolean NOT NULL DEFAULT true,
    opened_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE inbox_offsets (
    topic       text     NOT NULL,
    topic_id    text     NOT NULL,
    partition   smallint NOT NULL,
    next_offset bigint   NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, topic_id, partition)
);
