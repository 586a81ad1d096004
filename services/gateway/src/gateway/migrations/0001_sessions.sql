-- A browser that is signed in. The cookie is a random number, here is its SHA-256; the tokens are sealed under a key the
-- database does not know. `position` is what the last change must have reached before it is read (Read-After).
CREATE TABLE sessions (
    id           bytea       PRIMARY KEY,
    sealed       bytea       NOT NULL,
    access_until timestamptz NOT NULL,
    position     text        NOT NULL DEFAULT '',
    changed_at   timestamptz NOT NULL DEFAULT now(),
    used_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_by_use ON sessions (used_at);
