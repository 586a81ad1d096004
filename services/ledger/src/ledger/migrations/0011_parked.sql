-- The parked accounts that the ledger has said are parked: account.parked and account.resumed are said once each.
CREATE TABLE parked_said (
    account text        PRIMARY KEY,
    since   timestamptz NOT NULL
);
