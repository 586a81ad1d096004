-- What an account's data today is made of, as one JSON: all that was said of it, and each meter's last reading.
CREATE FUNCTION base_data(whose text) RETURNS text LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN json_build_array(
        (SELECT coalesce(json_agg(json_build_array(kind, sequence, holds_from,
             to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), data::json)), '[]')
         FROM changes WHERE account = whose),
        (SELECT coalesce(json_agg(json_build_array(meter, taken_on, sequence, value, source, provider,
             to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))), '[]')
         FROM (SELECT DISTINCT ON (meter) * FROM readings WHERE account = whose
               ORDER BY meter, taken_on DESC, sequence DESC) AS last));
END $$;
