-- An issued statement never changes, so it is kept as it is handed out, beside what was due right after the close: a read of
-- a month after which nothing came opens and computes nothing. Both are absent in statements of before; those are rendered.
ALTER TABLE statements ADD COLUMN document text, ADD COLUMN due_at_close text;
ALTER TABLE accounts ADD COLUMN due_at_close bigint;

CREATE OR REPLACE VIEW seen AS
    SELECT l.user_id, l.account, l.masked_until IS NOT NULL AND l.masked_until > now() AS masked,
           a.closed_through, a.due_at_close
    FROM links AS l JOIN accounts AS a USING (account)
    WHERE a.holder_since IS NULL OR l.linked_at > a.holder_since;

-- Two functions, for what they ask goes to the account's own part of each table, and is prepared only when it is needed; as
-- parts of the statements that call them they would be prepared in sixteen parts every time. STABLE, for then they see the
-- moment of the statement that calls them.

-- What is due now on an account, in tiyn: debts of services less the advance, never below zero, which does not depend on the
-- order of the split rule.
CREATE FUNCTION owed(whose text, after text, at_close bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF at_close IS NOT NULL AND NOT EXISTS (SELECT FROM entries WHERE account = whose AND period > after) THEN
        RETURN at_close;
    END IF;
    RETURN (
        SELECT greatest(0, coalesce(sum(balance) FILTER (WHERE balance > 0 AND service <> 'advance'), 0)
                         + coalesce(sum(balance) FILTER (WHERE service = 'advance'), 0))
        FROM (
            SELECT service, sum(balance) AS balance FROM (
                SELECT service, CASE WHEN part IN ('benefit', 'paid') THEN -amount ELSE amount END AS balance
                FROM entries WHERE account = whose AND period > after
                UNION ALL
                SELECT service, amount FROM openings WHERE account = whose AND period > after
            ) AS postings GROUP BY service
        ) AS services);
END $$;

-- What came after an account's last closed month: [postings, what that month left, the rules that split]; null for nothing.
CREATE FUNCTION came_since(whose text, after text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM entries WHERE account = whose AND period > after) THEN
        RETURN NULL;
    END IF;
    RETURN json_build_array(
        (SELECT json_agg(json_build_array(account, period, sequence, line, kind, part, service, provider, amount,
                                          reference, for_period, '', '', detail) ORDER BY period, sequence, line)
         FROM entries WHERE account = whose AND period > after),
        (SELECT coalesce(json_agg(json_build_array(service, amount, aged)), '[]') FROM openings
         WHERE account = whose AND period > after),
        (SELECT json_agg(json_build_array(version, effective_from, places)) FROM (
             SELECT version, effective_from,
                    coalesce(json_object_agg(service, place) FILTER (WHERE service IS NOT NULL), '{}') AS places
             FROM split_rules LEFT JOIN split_orders USING (version) GROUP BY version, effective_from) AS rules));
END $$;
