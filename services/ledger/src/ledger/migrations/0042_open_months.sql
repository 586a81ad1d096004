-- What an open month is made of beside the month before, as one JSON: postings after the last closed month (times left out,
-- they are not shown), what it was opened with, the account's base data, each meter's last two readings.
CREATE FUNCTION open_months(whose text, after text) RETURNS text LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN json_build_array(
        (SELECT coalesce(json_agg(json_build_array(account, period, sequence, line, kind, part, service, provider, amount,
                                                   reference, for_period, '', '', detail)
                                  ORDER BY period, sequence, line), '[]')
         FROM entries WHERE account = whose AND period > after),
        (SELECT coalesce(json_agg(json_build_array(service, amount, aged)), '[]') FROM openings
         WHERE account = whose AND period > after AND after <> ''),
        (SELECT coalesce(json_agg(json_build_array(kind, sequence, holds_from,
             to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), data::json)), '[]')
         FROM changes WHERE account = whose),
        (SELECT coalesce(json_object_agg(meter, shown), '{}') FROM (
             SELECT meter, json_agg(json_build_object('value', value, 'on', taken_on, 'source', source) ORDER BY nth) AS shown
             FROM (SELECT *, row_number() OVER (PARTITION BY meter ORDER BY taken_on DESC, sequence DESC) AS nth
                   FROM readings WHERE account = whose) AS numbered
             WHERE nth <= 2 GROUP BY meter) AS meters));
END $$;
