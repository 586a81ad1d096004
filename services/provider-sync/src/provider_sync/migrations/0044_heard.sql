-- What the ledger said of the money of a provider, part by part; a record that comes again has the same event id.
CREATE TABLE allocations (
    event     uuid     NOT NULL,
    part      smallint NOT NULL,
    provider  text     NOT NULL,
    day       date     NOT NULL,
    account   text COLLATE "C" NOT NULL,
    service   text     NOT NULL,
    amount    bigint   NOT NULL,
    agent     text     NOT NULL,
    reference text     NOT NULL,
    PRIMARY KEY (event, part)
);
CREATE INDEX allocations_of_day ON allocations (provider, day, account, service);
-- Accounts that stand still in the ledger: facts after the position are published, but do not count yet.
CREATE TABLE parked_accounts (
    account  text COLLATE "C" PRIMARY KEY,
    since    timestamptz NOT NULL,
    reason   text        NOT NULL,
    position integer     NOT NULL
);
ALTER TABLE dead_letters ADD COLUMN replayed_at timestamptz;
-- Which accounts a service has.
CREATE INDEX connections_of_service ON connections (service, account) WHERE connected;
