-- Closing a month takes two operators: who asked, and what was known to be missing when they did.
CREATE TABLE close_requests (
    period   text PRIMARY KEY,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    reason   text NOT NULL
);
ALTER TABLE closed_periods
    ADD COLUMN asked_by     text,
    ADD COLUMN confirmed_by text,
    ADD COLUMN reason       text;
-- The newest version of a statement that anybody asked to be shown anew; the first one is the month's close.
CREATE TABLE reissues (
    account text COLLATE "C" NOT NULL,
    period  text NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (account, period)
);
