-- What identity knows of accounts, heard on provider-sync.accounts.v1. Every fact is kept under (account, sequence) as a
-- set, so that order and repetition on the topic change nothing.

-- Ids and aliases: every number ever given to an account leads to its id; the newest (highest sequence) is shown.
CREATE TABLE account_numbers (
    number   text    PRIMARY KEY,
    account  text    NOT NULL,
    sequence integer NOT NULL
);
CREATE INDEX account_numbers_of ON account_numbers (account, sequence);

-- One row per account heard of. The row is locked FOR SHARE while a proof is judged and linked, and updated by a handover,
-- so that no link slips past a sale.
CREATE TABLE accounts (
    account           text    PRIMARY KEY,
    closed            boolean NOT NULL DEFAULT false,
    handover_sequence integer,
    handover_day      date
);

CREATE TABLE handovers (
    account  text    NOT NULL,
    sequence integer NOT NULL,
    PRIMARY KEY (account, sequence)
);

CREATE TABLE payments (
    account    text        NOT NULL,
    sequence   integer     NOT NULL,
    provider   text        NOT NULL,
    reference  text        NOT NULL,
    day        date        NOT NULL,
    amount     bigint      NOT NULL,
    arrived_at timestamptz NOT NULL,
    PRIMARY KEY (account, sequence)
);

CREATE TABLE payment_reversals (
    account   text NOT NULL,
    provider  text NOT NULL,
    reference text NOT NULL,
    PRIMARY KEY (account, provider, reference)
);
