-- Directory and rules are kept by every process that answers, until their stamp changes: it was a sum over all of the directory at
-- every read. Whoever changes them moves the stamp on, once a transaction, under the row's lock: two that commit one after the
-- other never leave the same one. By the clock, so that one of before a rebuild or a restored backup does not come again.
CREATE TABLE reference_stamps (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    stamp  bigint  NOT NULL,
    set_by xid8    NOT NULL DEFAULT pg_current_xact_id()
);
CREATE FUNCTION stamp_reference() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A rebuild fills a second set of tables, whatever its session looks in.
    EXECUTE format('INSERT INTO %I.reference_stamps AS r (stamp) VALUES (extract(epoch FROM clock_timestamp()) * 1000000)
                    ON CONFLICT (one) DO UPDATE SET stamp = greatest(excluded.stamp, r.stamp + 1), set_by = excluded.set_by
                    WHERE r.set_by <> excluded.set_by', TG_TABLE_SCHEMA);
    RETURN NULL;
END $$;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['directory', 'split_rules', 'split_orders'] LOOP
        EXECUTE format('CREATE TRIGGER stamp_reference AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION stamp_reference()', name);
    END LOOP;
END $$;
INSERT INTO reference_stamps (stamp) VALUES (extract(epoch FROM clock_timestamp()) * 1000000);

-- `came`, `open_months` and `base_data` go with the release before.
-- squawk-ignore ban-drop-function
DROP FUNCTION came_since(text, text);
