-- Since when a service is connected, and a meter's life: rules compare days, and a reading with the one before.
SET LOCAL lock_timeout = '5s';
ALTER TABLE connections ADD COLUMN since date;
ALTER TABLE meters
    ADD COLUMN installed_on date,
    ADD COLUMN removed_on   date,
    ADD COLUMN digits       smallint,
    ADD COLUMN last_value   text,
    ADD COLUMN last_on      date,
    ADD COLUMN removed      boolean NOT NULL DEFAULT false;
-- Removed meters had lost their service; their rows say nothing that a rule still asks.
DELETE FROM meters WHERE service IS NULL;
ALTER TABLE meters ALTER COLUMN service SET NOT NULL;
