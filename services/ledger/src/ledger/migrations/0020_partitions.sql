-- What grows with the city is kept in sixteen parts by account, each with an index a sixteenth as high; a part can be
-- vacuumed, moved or measured alone. The rows move over in this one transaction, so the ledger's processes stand meanwhile.
CREATE FUNCTION partition_by_account(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    whole text := name || '_whole';
BEGIN
    EXECUTE format('ALTER TABLE %I RENAME TO %I', name, whole);
    EXECUTE format('ALTER INDEX %I RENAME TO %I', name || '_pkey', whole || '_pkey');
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY HASH (account)',
                   name, whole);
    FOR part IN 0..15 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
                       name || '_' || lpad(part::text, 2, '0'), name, part);
    END LOOP;
    EXECUTE format('INSERT INTO %I SELECT * FROM %I', name, whole);
    -- The key comes after the rows: one sort a part instead of a search a row.
    EXECUTE (SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', name, name || '_pkey', pg_get_constraintdef(oid))
             FROM pg_constraint WHERE conrelid = whole::regclass AND contype = 'p');
    EXECUTE format('DROP TABLE %I', whole);
END $$;

SELECT partition_by_account('entries');
SELECT partition_by_account('openings');
SELECT partition_by_account('changes');
SELECT partition_by_account('readings');
SELECT partition_by_account('statements');

DROP FUNCTION partition_by_account(text);
