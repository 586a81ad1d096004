-- A session is a family of refresh tokens, of which one is good at a time.
CREATE TABLE sessions (
    id         uuid        PRIMARY KEY,
    user_id    text        NOT NULL REFERENCES users,
    device     text        NOT NULL,
    source     bytea       NOT NULL,
    started_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_why  text
);
CREATE INDEX sessions_of ON sessions (user_id, used_at);

-- `used_at` set: spent. `retried`: its owner repeated it once because the answer was lost.
CREATE TABLE refresh_tokens (
    hash      bytea       PRIMARY KEY,
    session   uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    successor bytea,
    used_at   timestamptz,
    retried   boolean     NOT NULL DEFAULT false
);
CREATE INDEX refresh_tokens_of ON refresh_tokens (session);

-- Keys that sign access tokens; the private part is sealed with a key from the environment.
CREATE TABLE signing_keys (
    kid        text        PRIMARY KEY,
    version    integer     NOT NULL,
    state      text        NOT NULL CHECK (state IN ('next', 'active', 'retired')),
    jwk        jsonb       NOT NULL,
    sealed     bytea,
    changed_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX signing_keys_one ON signing_keys (state) WHERE state <> 'retired';
