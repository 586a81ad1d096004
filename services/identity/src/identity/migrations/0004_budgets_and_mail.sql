-- Tries spent within a day, per kind and key. One row is one lock: parallel tries are counted one after the other.
CREATE TABLE budgets (
    kind     text          NOT NULL,
    key      text          NOT NULL,
    spent_at timestamptz[] NOT NULL,
    PRIMARY KEY (kind, key)
);

-- Proofs in the whole city by minute. A try counts as failed from the moment it is spent until it succeeds.
CREATE TABLE city_proofs (
    minute    timestamptz PRIMARY KEY,
    spent     integer NOT NULL DEFAULT 0,
    succeeded integer NOT NULL DEFAULT 0
);

-- Wrong passwords, per login and source and per login alone: the wait grows and ends by itself.
CREATE TABLE sign_in_tries (
    kind    text        NOT NULL,
    key     bytea       NOT NULL,
    tries   integer     NOT NULL,
    free_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);

-- Mail to be sent. What the letter says is sealed, for it may hold a token, and goes when the mail is sent.
CREATE TABLE mail (
    id          uuid        PRIMARY KEY,
    recipient   text        NOT NULL,
    sealed      bytea,
    queued_at   timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    attempts    integer     NOT NULL DEFAULT 0,
    sent_at     timestamptz,
    given_up_at timestamptz,
    problem     text
);
CREATE INDEX mail_due ON mail (due_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
