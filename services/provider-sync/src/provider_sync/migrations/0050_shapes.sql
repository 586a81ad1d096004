-- What repeats in the events of a batch is kept once, as a shape: type, source, and the JSON of `data` with %s where values
-- stood. Such an event has the number of its shape, its correlation as a uuid, and in `data` only the values. Shapes are
-- found by digest; two transactions that meet may each make the same one, so that none waits for the other.
CREATE TABLE shapes (
    no       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest   bytea NOT NULL,
    type     text  NOT NULL,
    source   text  NOT NULL,
    template text  NOT NULL
);
CREATE INDEX shapes_digest ON shapes (digest);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON shapes
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();

-- A view takes the old name in the same transaction, so whoever reads or writes `events` goes on.
-- squawk-ignore renaming-table
ALTER TABLE events RENAME TO facts;
-- An event from before, and one whose shape is rare, has everything in itself and no shape. Nobody reads the columns that
-- may be empty now but by the view, which fills them.
ALTER TABLE facts ADD COLUMN shape integer, ADD COLUMN batch uuid;
-- squawk-ignore ban-drop-not-null
ALTER TABLE facts ALTER COLUMN type DROP NOT NULL;
-- squawk-ignore ban-drop-not-null
ALTER TABLE facts ALTER COLUMN source DROP NOT NULL;
-- squawk-ignore ban-drop-not-null
ALTER TABLE facts ALTER COLUMN correlation_id DROP NOT NULL;
-- squawk-ignore ban-drop-default
ALTER TABLE facts ALTER COLUMN correlation_id DROP DEFAULT;

-- JSON has no control characters, so the one between values is in none of them.
CREATE VIEW events AS
    SELECT f.stream_id, f.version, f.id, coalesce(f.type, s.type) AS type, f.occurred_at, f.recorded_at,
           coalesce(f.source, s.source) AS source, coalesce(f.correlation_id, f.batch::text, '') AS correlation_id,
           CASE WHEN f.shape IS NULL THEN f.data
                ELSE format(s.template, VARIADIC string_to_array(f.data, E'\x1f')) END AS data
    FROM facts AS f LEFT JOIN shapes AS s ON s.no = f.shape;

-- For processes of the release before, which write to `events`.
CREATE FUNCTION store_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO facts (stream_id, version, id, type, occurred_at, recorded_at, source, correlation_id, data)
    VALUES (NEW.stream_id, NEW.version, NEW.id, NEW.type, NEW.occurred_at, NEW.recorded_at, NEW.source,
            coalesce(NEW.correlation_id, ''), NEW.data);
    RETURN NEW;
END $$;
CREATE TRIGGER store_whole INSTEAD OF INSERT ON events FOR EACH ROW EXECUTE FUNCTION store_whole();
