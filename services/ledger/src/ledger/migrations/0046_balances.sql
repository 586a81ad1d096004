-- What an account owes is added up by who asks (`domain/statement.py`): to start a sum over services takes PostgreSQL longer than
-- to hand out fourteen postings. Amounts by service, debts as they are, payments and benefits less than zero, as members of a
-- JSON array; null when nothing came after a close that noted what was due. `owed` goes with the release before.
CREATE FUNCTION balances(whose text, after text, at_close bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE came text;
BEGIN
    came := (SELECT string_agg('["' || service || '",' || CASE WHEN part IN ('benefit', 'paid') THEN -amount ELSE amount END
                               || ']', ',')
             FROM postings WHERE account = whose AND period > after);
    IF came IS NULL AND at_close IS NOT NULL THEN
        RETURN NULL;
    END IF;
    RETURN concat_ws(',', came, (SELECT string_agg('["' || service || '",' || amount || ']', ',')
                                 FROM openings WHERE account = whose AND period > after));
END $$;
