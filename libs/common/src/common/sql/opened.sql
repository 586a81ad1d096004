-- The timelines of the server on which events may be appended. A server that was restored, or a standby that took over, is
-- on a new one: nothing is appended until an operator has held the store against its readers (`restore open`).
CREATE TABLE opened_timelines (
    timeline  text        PRIMARY KEY,
    opened_at timestamptz NOT NULL DEFAULT now(),
    who       text        NOT NULL,
    why       text        NOT NULL
);
CREATE FUNCTION timeline_now() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
$$;
INSERT INTO opened_timelines (timeline, who, why) SELECT timeline_now(), 'migration', 'the store begins here';
CREATE FUNCTION only_where_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM opened_timelines WHERE timeline = timeline_now())
        AND current_setting('settlement.bringing_back', true) IS DISTINCT FROM 'on'
    THEN
        RAISE EXCEPTION 'nothing is appended on timeline % before an operator opened it', timeline_now()
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'see docs/operations.md, Restoring';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER only_where_opened BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION only_where_opened();
