-- What the gate knows of an account's charges: per service and month of the year the newest sum, in whole tenge, so that a
-- row stays narrow and there is one for ever, however many years pass. `last` is the newest month, as year * 12 + month - 1.
CREATE TABLE service_numbers (
    id text PRIMARY KEY,
    no smallint GENERATED ALWAYS AS IDENTITY UNIQUE
);
CREATE TABLE history (
    service smallint NOT NULL,
    account text COLLATE "C" NOT NULL,
    last    smallint NOT NULL,
    m1 integer, m2 integer, m3 integer, m4 integer, m5 integer, m6 integer,
    m7 integer, m8 integer, m9 integer, m10 integer, m11 integer, m12 integer,
    PRIMARY KEY (service, account)
) WITH (fillfactor = 85);
-- Where an account is and how many live there: for rules about buildings and residents.
CREATE TABLE homes (
    account   text COLLATE "C" PRIMARY KEY,
    building  text NOT NULL,
    residents smallint
);
CREATE INDEX homes_building ON homes (building);
-- Services whose connections are told to us at all; of the others nobody can say that they were never connected.
CREATE TABLE connected_services (
    service text PRIMARY KEY
);
INSERT INTO connected_services SELECT DISTINCT service FROM connections;
-- One decision of an operator at the most for all rows of a request or upload; scopes as they were when it came.
CREATE TABLE held_batches (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider    text NOT NULL,
    correlation text NOT NULL,
    scopes      text[] NOT NULL,
    whole       boolean NOT NULL,
    atomic      boolean NOT NULL,
    held_at     timestamptz NOT NULL,
    UNIQUE (provider, correlation)
);
-- In `said`, version 0 means held and -1 refused: neither has a place in a stream.
CREATE TABLE held (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch      bigint   NOT NULL REFERENCES held_batches,
    provider   smallint NOT NULL,
    reference  text COLLATE "C" NOT NULL,
    account    text COLLATE "C" NOT NULL,
    content    text NOT NULL,
    code       text NOT NULL,
    params     jsonb NOT NULL,
    state      text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'approved', 'refused')),
    decided_at timestamptz,
    decided_by text,
    reason     text,
    UNIQUE (provider, reference)
);
CREATE INDEX held_waiting ON held (batch, id) WHERE state = 'held';
ALTER TABLE uploads ADD COLUMN held bigint NOT NULL DEFAULT 0;
