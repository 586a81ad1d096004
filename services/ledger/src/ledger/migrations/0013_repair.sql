-- Facts that an operator passed over for good: a rebuild and any fold of the log read these decisions too.
CREATE TABLE passed_over (
    topic     text        NOT NULL,
    key       text        NOT NULL,
    partition smallint    NOT NULL,
    "offset"  bigint      NOT NULL,
    sequence  integer,
    who       text        NOT NULL,
    why       text        NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, "offset")
);

-- What operators tried again, and what came of it.
CREATE TABLE retries (
    topic   text        NOT NULL,
    key     text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    who     text        NOT NULL,
    why     text        NOT NULL,
    applied integer     NOT NULL,
    left_as text,
    PRIMARY KEY (topic, key, at)
);

ALTER TABLE dead_letters ADD COLUMN replayed_at timestamptz;
CREATE INDEX dead_letters_by_key ON dead_letters (topic, key);
