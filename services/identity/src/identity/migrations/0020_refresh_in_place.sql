-- Every refresh moves `used_at`. Without it in an index, and with room in the page, the row changes in place (HOT).
-- Some rows per resident: the index is made anew within the runner's patience, and rolled back otherwise.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX sessions_of;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sessions_of ON sessions (user_id);
ALTER TABLE sessions SET (fillfactor = 70);
ALTER TABLE refresh_tokens SET (fillfactor = 80);
