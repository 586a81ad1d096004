-- The journal: for each transaction of intake and each sender in it, a digest over the events it appended. Both columns of
-- time and batch stand in every event, too, so that the store can be held against it; seals chain and sign it.
CREATE TABLE journal (
    batch       text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    provider    smallint    NOT NULL,
    events      integer     NOT NULL,
    digest      bytea       NOT NULL,
    seal        integer,
    PRIMARY KEY (batch, recorded_at, provider)
) WITH (fillfactor = 90);
CREATE INDEX journal_in_time ON journal (recorded_at);
CREATE INDEX journal_unsealed ON journal (provider, recorded_at) WHERE seal IS NULL;
-- Events come in the order of time, so a page range tells their times at almost no cost.
CREATE INDEX IF NOT EXISTS events_recorded ON events USING brin (recorded_at) WITH (autosummarize = on);
-- What a pushed batch was answered with; uploads have the same in their own table. `seal` is 0 until it is sealed.
CREATE TABLE pushes (
    id          uuid        PRIMARY KEY,
    provider    text        NOT NULL,
    key_id      text        NOT NULL,
    request     text        NOT NULL,
    received_at timestamptz NOT NULL,
    accepted    integer     NOT NULL DEFAULT 0,
    duplicate   integer     NOT NULL DEFAULT 0,
    conflict    integer     NOT NULL DEFAULT 0,
    rejected    integer     NOT NULL DEFAULT 0,
    unmatched   integer     NOT NULL DEFAULT 0,
    held        integer     NOT NULL DEFAULT 0,
    retry       integer     NOT NULL DEFAULT 0,
    seal        integer     NOT NULL DEFAULT 0
) WITH (fillfactor = 90);
CREATE INDEX pushes_unsealed ON pushes (provider, received_at) WHERE seal = 0;
ALTER TABLE uploads ADD COLUMN seal integer NOT NULL DEFAULT 0;
CREATE INDEX uploads_unsealed ON uploads (provider, finished_at)
    WHERE seal = 0 AND state IN ('done', 'refused') AND mode <> 'dry-run';
-- Acknowledgements of a sender, numbered without gaps, each naming the digest of the one before. The signature is made
-- when one is asked for; what is signed is `body`, byte for byte.
CREATE TABLE seals (
    provider smallint    NOT NULL,
    no       integer     NOT NULL,
    at       timestamptz NOT NULL,
    body     text        NOT NULL,
    PRIMARY KEY (provider, no)
);
CREATE FUNCTION seals_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'acknowledgements are append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON seals FOR EACH STATEMENT EXECUTE FUNCTION seals_are_append_only();
-- Public keys of acknowledgements, old ones too; the private key is a file (ACK_KEY_FILE).
CREATE TABLE ack_keys (
    kid   text        PRIMARY KEY,
    jwk   jsonb       NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);
