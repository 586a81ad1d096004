-- What repeats in the postings of a batch is kept once: provider, the instant of recording, and what is shown of a fact,
-- with %s where values stood. Such a posting has the number of that row and in `detail` only the values; it has happened
-- when it was recorded unless it says otherwise. A row of details belongs to the one transaction that made it.
CREATE TABLE details (
    no          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    provider    text NOT NULL,
    data        text NOT NULL
);

-- A view takes the old name in the same transaction, so whoever reads or writes `entries` goes on.
-- squawk-ignore renaming-table
ALTER TABLE entries RENAME TO postings;
-- squawk-ignore renaming-object
ALTER INDEX entries_pkey RENAME TO postings_pkey;
DO $$
BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format('ALTER TABLE %I RENAME TO %I', 'entries_' || lpad(part::text, 2, '0'),
                       'postings_' || lpad(part::text, 2, '0'));
    END LOOP;
END $$;
-- A posting from before, and one that shares with few others, has everything in itself and no number.
ALTER TABLE postings ADD COLUMN shown integer;
-- squawk-ignore ban-drop-not-null
ALTER TABLE postings ALTER COLUMN provider DROP NOT NULL;
-- squawk-ignore ban-drop-not-null
ALTER TABLE postings ALTER COLUMN happened_at DROP NOT NULL;
-- squawk-ignore ban-drop-not-null
ALTER TABLE postings ALTER COLUMN recorded_at DROP NOT NULL;

-- Who asks for none of what is put together, pays nothing for it: the join is dropped. JSON has no control characters, so
-- the one between values is in none of them.
CREATE VIEW entries AS
    SELECT p.account, p.period, p.sequence, p.line, p.kind, p.part, p.service,
           coalesce(p.provider, d.provider) AS provider, p.amount, p.reference, p.for_period,
           coalesce(p.happened_at, d.recorded_at) AS happened_at, coalesce(p.recorded_at, d.recorded_at) AS recorded_at,
           CASE WHEN p.shown IS NULL THEN p.detail
                ELSE format(d.data, VARIADIC string_to_array(p.detail, E'\x1f')) END AS detail
    FROM postings AS p LEFT JOIN details AS d ON d.no = p.shown;

-- For processes of the release before, which write to `entries`.
CREATE FUNCTION post_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO postings (account, period, sequence, line, kind, part, service, provider, amount, reference, for_period,
                          happened_at, recorded_at, detail)
    VALUES (NEW.account, NEW.period, NEW.sequence, NEW.line, NEW.kind, NEW.part, NEW.service, NEW.provider, NEW.amount,
            NEW.reference, NEW.for_period, NEW.happened_at, NEW.recorded_at, NEW.detail);
    RETURN NEW;
END $$;
CREATE TRIGGER post_whole INSTEAD OF INSERT ON entries FOR EACH ROW EXECUTE FUNCTION post_whole();

-- A plan for any account is kept by the session: to plan for one account takes PostgreSQL longer than the rest of the call, and
-- the plan for any goes to the one part as well. Left to itself it would plan every time, for it counts all sixteen parts as
-- the price of the plan for any.
ALTER FUNCTION owed(text, text, bigint) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION came_since(text, text) SET plan_cache_mode = force_generic_plan;

-- The postings of an account after a month.
CREATE FUNCTION entries_after(whose text, month text) RETURNS SETOF entries LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY SELECT * FROM entries WHERE account = whose AND period > month;
END $$;
