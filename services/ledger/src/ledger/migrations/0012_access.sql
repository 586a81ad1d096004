-- A sale or an inheritance ends what was linked before it, in whatever order the two topics are read: the link keeps when it
-- was made, the account since when it has its holder, and `seen` is what counts.
ALTER TABLE links ADD COLUMN linked_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE links ALTER COLUMN linked_at DROP DEFAULT;
CREATE INDEX links_by_account ON links (account);
ALTER TABLE accounts ADD COLUMN holder_since timestamptz;
CREATE VIEW seen AS
    SELECT l.user_id, l.account, l.masked_until IS NOT NULL AND l.masked_until > now() AS masked
    FROM links AS l JOIN accounts AS a USING (account)
    WHERE a.holder_since IS NULL OR l.linked_at > a.holder_since;

-- An erased holder leaves the version behind, so that an older record that comes late is known to be older.
ALTER TABLE holders ALTER COLUMN name DROP NOT NULL;
ALTER TABLE holders ALTER COLUMN address_ru DROP NOT NULL;
ALTER TABLE holders ALTER COLUMN address_kk DROP NOT NULL;
