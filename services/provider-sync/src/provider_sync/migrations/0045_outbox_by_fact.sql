-- no transaction
-- Whether one fact is published must not take longer while the relay stands still and the outbox grows.
CREATE INDEX CONCURRENTLY IF NOT EXISTS outbox_of_fact ON outbox (key, version);
