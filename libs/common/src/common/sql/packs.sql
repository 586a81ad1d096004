-- A transaction that appends many events queues them in packs: one row has the records of one partition in their order, as
-- they will stand on the topic (common/packs.py), and how many they are. Its key is the correlation of its events, and
-- `recorded_at` their instant, so that of each event it can be told whether it is published. A relay of the release before
-- finds no event for such a row and leaves it to the next.
ALTER TABLE outbox ADD COLUMN packed bytea, ADD COLUMN records integer, ADD COLUMN recorded_at timestamptz;
-- It is compressed already.
ALTER TABLE outbox ALTER COLUMN packed SET STORAGE EXTERNAL;
ALTER TABLE outbox SET (toast.autovacuum_vacuum_threshold = 2000, toast.autovacuum_vacuum_scale_factor = 0);
