-- A refresh token says the session it belongs to and which of its tokens it is, sealed by a MAC: no row for each of them.
-- `generation`: the one that is good. `retried`: the one before it was taken once more, for its answer was lost.
-- `refresh_tokens` is for processes of the release before; a later one drops it.
ALTER TABLE sessions ADD COLUMN generation bigint NOT NULL DEFAULT 1;
ALTER TABLE sessions ADD COLUMN retried boolean NOT NULL DEFAULT false;
