-- The earliest months anything was posted in: rows are only added, so that no transaction waits for another to note it.
SET LOCAL lock_timeout = '5s';
CREATE TABLE posted_from (
    period text NOT NULL
);
INSERT INTO posted_from SELECT first_posted FROM calendar WHERE first_posted IS NOT NULL;
ALTER TABLE calendar DROP COLUMN first_posted;
