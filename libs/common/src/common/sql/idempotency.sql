-- Answers to calls with an Idempotency-Key: the same key with the same request gets the first answer again.
CREATE TABLE idempotency_keys (
    owner      text        NOT NULL,
    key        text        NOT NULL,
    digest     text        NOT NULL,
    status     smallint,
    body       jsonb,
    location   text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key)
);
