-- What came after an account's last closed month: [what counts, the payments with what is shown of them, what that month left,
-- the rules that split]; null for nothing. Of charges only sums are told beside an issued month, so nothing is put together
-- of what is shown of them. For `came_since`, which goes with the release before.
CREATE FUNCTION came(whose text, after text) RETURNS text LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM postings WHERE account = whose AND period > after) THEN
        RETURN NULL;
    END IF;
    RETURN json_build_array(
        (SELECT json_agg(json_build_array(period, service, part, amount)) FROM postings
         WHERE account = whose AND period > after),
        (SELECT coalesce(json_agg(json_build_array(reference, coalesce(p.provider, d.provider), total,
             CASE WHEN shown IS NULL THEN detail
                  ELSE format(d.data, VARIADIC string_to_array(detail, E'\x1f')) END) ORDER BY sequence), '[]')
         FROM (SELECT *, sum(amount) OVER (PARTITION BY sequence) AS total FROM postings
               WHERE account = whose AND period > after AND kind IN ('payment.received', 'payment.reversed')) AS p
             LEFT JOIN details AS d ON d.no = p.shown
         WHERE line = 0),
        (SELECT coalesce(json_agg(json_build_array(service, amount, aged)), '[]') FROM openings
         WHERE account = whose AND period > after),
        (SELECT json_agg(json_build_array(version, effective_from, places)) FROM (
             SELECT version, effective_from,
                    coalesce(json_object_agg(service, place) FILTER (WHERE service IS NOT NULL), '{}') AS places
             FROM split_rules LEFT JOIN split_orders USING (version) GROUP BY version, effective_from) AS rules));
END $$;

-- A document is unpacked at every read, which LZ4 does faster; where the server was built without it, it stays as it is. What is
-- stored already stays packed as it was.
DO $$
DECLARE part regclass;
BEGIN
    FOR part IN SELECT relid FROM pg_partition_tree('statements') LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN document SET COMPRESSION lz4, ALTER COLUMN data SET COMPRESSION lz4', part);
    END LOOP;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'PostgreSQL was built without LZ4';
END $$;
