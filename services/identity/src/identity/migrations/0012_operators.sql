-- Every act of an operator, for ever: who, what, why. Ids only; the free text is the operator's.
CREATE TABLE operator_acts (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    operator text        NOT NULL,
    act      text        NOT NULL,
    account  text,
    user_id  text,
    reason   text        NOT NULL
);
CREATE INDEX operator_acts_on_account ON operator_acts (account, id);
CREATE INDEX operator_acts_on_user ON operator_acts (user_id, id);
CREATE FUNCTION operator_acts_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operator_acts are append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON operator_acts
FOR EACH STATEMENT EXECUTE FUNCTION operator_acts_are_append_only();

-- A line of activity that an operator caused names the act.
ALTER TABLE activity ADD COLUMN act bigint REFERENCES operator_acts;
