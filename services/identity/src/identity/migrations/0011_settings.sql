-- What a token stands for beside its user: the new or the old address of an e-mail change.
ALTER TABLE mail_tokens ADD COLUMN about text;

-- Kinds of notices a resident chose; a kind without a row is sent or not by its default.
CREATE TABLE notice_choices (
    user_id text    NOT NULL REFERENCES users,
    kind    text    NOT NULL,
    wanted  boolean NOT NULL,
    PRIMARY KEY (user_id, kind)
);
CREATE INDEX notice_choices_wanted ON notice_choices (kind, user_id) WHERE wanted;

-- The second factor: a sealed secret; `last_step` is the time step of the newest code taken, so that none counts twice.
CREATE TABLE second_factors (
    user_id      text        PRIMARY KEY REFERENCES users,
    sealed       bytea       NOT NULL,
    last_step    bigint      NOT NULL DEFAULT 0,
    confirmed_at timestamptz
);
CREATE TABLE recovery_codes (
    user_id text        NOT NULL REFERENCES users,
    hash    bytea       NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, hash)
);

-- The last letter to a cabinet that closes: its row, and with it the address, goes when it is sent.
ALTER TABLE mail ADD COLUMN forget boolean NOT NULL DEFAULT false;
-- Whose letter it is, so that erasing a person finds it under any address.
ALTER TABLE mail ADD COLUMN user_id text;
CREATE INDEX mail_of ON mail (user_id);
