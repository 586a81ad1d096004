-- The head of each user's stream with the parts of its fold that queries need; rebuildable from events.
CREATE TABLE users (
    id         text        PRIMARY KEY,
    version    integer     NOT NULL,
    language   text        NOT NULL,
    confirmed  boolean     NOT NULL,
    closed     boolean     NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX users_unconfirmed ON users (created_at) WHERE NOT confirmed AND NOT closed;

-- Personal data: here and nowhere else, never in an event. `holds_email`: the address is confirmed to be theirs.
CREATE TABLE people (
    user_id       text    PRIMARY KEY REFERENCES users,
    user_name     text    NOT NULL,
    name_key      text    NOT NULL UNIQUE,
    email         text    NOT NULL,
    email_key     text    NOT NULL,
    holds_email   boolean NOT NULL DEFAULT false,
    password_hash text    NOT NULL
);
CREATE UNIQUE INDEX people_email ON people (email_key) WHERE holds_email;
CREATE INDEX people_asking ON people (email_key) WHERE NOT holds_email;

-- What was proved at registration and takes effect when the e-mail is confirmed.
CREATE TABLE proved_accounts (
    user_id        text    NOT NULL REFERENCES users,
    account        text    NOT NULL,
    proof_sequence integer NOT NULL,
    proof_day      date    NOT NULL,
    PRIMARY KEY (user_id, account)
);

-- Links in effect. Nickname and what the link stands on are identity's own and not in the events.
CREATE TABLE links (
    user_id        text        NOT NULL REFERENCES users,
    account        text        NOT NULL,
    nickname       text,
    linked_at      timestamptz NOT NULL,
    proof_sequence integer     NOT NULL,
    proof_day      date        NOT NULL,
    PRIMARY KEY (user_id, account)
);
CREATE INDEX links_of_account ON links (account, user_id);

-- Tokens sent by mail, hashed; purpose: confirm, reset.
CREATE TABLE mail_tokens (
    hash       bytea       PRIMARY KEY,
    user_id    text        NOT NULL REFERENCES users,
    purpose    text        NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX mail_tokens_of ON mail_tokens (user_id, purpose);

CREATE TABLE activity (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id  text        NOT NULL REFERENCES users,
    at       timestamptz NOT NULL,
    kind     text        NOT NULL,
    account  text
);
CREATE INDEX activity_of ON activity (user_id, id DESC);
