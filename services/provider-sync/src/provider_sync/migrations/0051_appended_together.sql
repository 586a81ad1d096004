-- The instant of recording and the correlation are the same for all that one transaction appends of a file. There a shape has
-- them too; it belongs to that transaction, is found by nobody else and needs no digest. An event of it occurred when it was
-- recorded unless it says otherwise.
ALTER TABLE shapes ADD COLUMN recorded_at timestamptz, ADD COLUMN correlation_id text;
-- squawk-ignore ban-drop-not-null
ALTER TABLE shapes ALTER COLUMN digest DROP NOT NULL;

-- Nobody reads the columns that may be empty now but by the view, which fills them.
-- squawk-ignore ban-drop-not-null
ALTER TABLE facts ALTER COLUMN occurred_at DROP NOT NULL;
-- squawk-ignore ban-drop-not-null
ALTER TABLE facts ALTER COLUMN recorded_at DROP NOT NULL;

CREATE OR REPLACE VIEW events AS
    SELECT f.stream_id, f.version, f.id, coalesce(f.type, s.type) AS type,
           coalesce(f.occurred_at, f.recorded_at, s.recorded_at) AS occurred_at,
           coalesce(f.recorded_at, s.recorded_at) AS recorded_at, coalesce(f.source, s.source) AS source,
           coalesce(f.correlation_id, f.batch::text, s.correlation_id, '') AS correlation_id,
           CASE WHEN f.shape IS NULL THEN f.data
                ELSE format(s.template, VARIADIC string_to_array(f.data, E'\x1f')) END AS data
    FROM facts AS f LEFT JOIN shapes AS s ON s.no = f.shape;
