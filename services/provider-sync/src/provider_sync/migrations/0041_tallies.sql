-- What was appended, counted per batch: each transaction of intake adds one row per sender, kind, service and month of
-- the bill, and updates none, so that no two batches meet here. A payment has no service; its month is that of the money.
CREATE TABLE tallies (
    batch    text     NOT NULL,
    provider smallint NOT NULL,
    kind     text     NOT NULL,
    service  text     NOT NULL DEFAULT '',
    period   text     NOT NULL,
    count    bigint   NOT NULL,
    sum      bigint   NOT NULL
);
CREATE INDEX tallies_of_month ON tallies (provider, period, kind, service) INCLUDE (count, sum);
CREATE INDEX tallies_of_batch ON tallies (batch);
-- "That was all for the month": what a sender says it sent; `agrees` says whether it was so. Every statement is kept.
CREATE TABLE submissions (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text   NOT NULL,
    period   text   NOT NULL,
    service  text   NOT NULL,
    count    bigint NOT NULL,
    sum      bigint NOT NULL,
    agrees   boolean NOT NULL,
    key_id   text   NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX submissions_latest ON submissions (period, provider, service, id DESC);
