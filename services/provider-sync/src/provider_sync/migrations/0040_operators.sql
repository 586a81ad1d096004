-- Acts carry their reason, and what was recorded stays as it is.
ALTER TABLE audit ADD COLUMN why text NOT NULL DEFAULT '';
CREATE INDEX audit_at ON audit (at);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
-- Keys of operators stand beside those of senders under owner `operator/<name>`, with the scope `operator` alone.
ALTER TABLE providers ADD COLUMN agent boolean NOT NULL DEFAULT false;
