-- One-time codes: what an operator gives to a holder who has no payment to prove by. Only the hash is kept; what the code
-- stands on is fixed when it is made, so that a later sale voids it like a payment.
CREATE TABLE one_time_codes (
    hash           bytea       PRIMARY KEY,
    account        text        NOT NULL,
    proof_sequence integer     NOT NULL,
    proof_day      date        NOT NULL,
    issued_at      timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    used_at        timestamptz
);
CREATE INDEX one_time_codes_of ON one_time_codes (account);

-- Set by a holder who said "not me" or by an operator: no new link until an operator has looked.
ALTER TABLE accounts ADD COLUMN frozen_at timestamptz;
CREATE INDEX accounts_frozen ON accounts (frozen_at) WHERE frozen_at IS NOT NULL;

ALTER TABLE links ADD COLUMN proof_kind text NOT NULL DEFAULT 'last-payment';
ALTER TABLE links ADD COLUMN masked_until timestamptz;
ALTER TABLE proved_accounts ADD COLUMN proof_kind text NOT NULL DEFAULT 'last-payment';

-- "Your account is in one more cabinet: do you know them?" One row per letter, found by the hash of its token.
CREATE TABLE link_notices (
    hash       bytea       PRIMARY KEY,
    holder     text        NOT NULL REFERENCES users,
    newcomer   text        NOT NULL REFERENCES users,
    account    text        NOT NULL,
    linked_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    answer     text        CHECK (answer IN ('known', 'not-me')),
    answered_at timestamptz
);
CREATE INDEX link_notices_of ON link_notices (holder);
CREATE INDEX link_notices_about ON link_notices (newcomer);
