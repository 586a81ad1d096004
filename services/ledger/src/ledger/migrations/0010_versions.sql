-- When a later version of a statement was asked for; a first version was said at its cut-off.
ALTER TABLE statements ADD COLUMN said_at timestamptz;
