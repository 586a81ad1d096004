-- The months: those after closed_through are open. The calendar lock itself is an advisory lock (store/calendar.py).
CREATE TABLE calendar (
    one            boolean PRIMARY KEY DEFAULT true CHECK (one),
    closed_through text,
    first_posted   text
);
INSERT INTO calendar DEFAULT VALUES;
CREATE TABLE closed_periods (
    period  text        PRIMARY KEY,
    cut_off timestamptz NOT NULL
);
-- Short numbers for senders keep the table of references narrow.
CREATE TABLE providers (
    id text     PRIMARY KEY,
    no smallint GENERATED ALWAYS AS IDENTITY UNIQUE
);
-- Every account number anybody named: ids (account = number), aliases, and numbers still unknown (standing 0), which are
-- locked like the others so that opening, renumbering and queueing a payment cannot pass each other. The row of an id is
-- the lock and the head of its stream. The fill factor leaves room to move the version on the same page.
CREATE TABLE numbers (
    number    text COLLATE "C" PRIMARY KEY,
    account   text COLLATE "C" NOT NULL,
    alias     boolean  NOT NULL DEFAULT false,
    partition smallint NOT NULL,
    version   integer  NOT NULL DEFAULT 0,
    standing  smallint NOT NULL DEFAULT 0
) WITH (fillfactor = 60);
CREATE INDEX numbers_alias ON numbers (number) WHERE alias;
-- References are taken for ever and bound to the content by its digest; version is null while a payment is unmatched.
CREATE TABLE said (
    provider  smallint NOT NULL,
    reference text COLLATE "C" NOT NULL,
    account   text COLLATE "C" NOT NULL,
    version   integer,
    digest    uuid NOT NULL,
    PRIMARY KEY (provider, reference)
);
CREATE TABLE undone (
    provider  smallint NOT NULL,
    reference text COLLATE "C" NOT NULL,
    PRIMARY KEY (provider, reference)
);
CREATE TABLE unmatched (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number      text COLLATE "C" NOT NULL,
    provider    smallint NOT NULL,
    reference   text COLLATE "C" NOT NULL,
    content     text NOT NULL,
    received_at timestamptz NOT NULL,
    matched_at  timestamptz,
    UNIQUE (provider, reference)
);
CREATE INDEX unmatched_waiting ON unmatched (number) WHERE matched_at IS NULL;
-- A meter that was removed keeps its row without a service.
CREATE TABLE meters (
    account text COLLATE "C" NOT NULL,
    meter   text COLLATE "C" NOT NULL,
    service text,
    PRIMARY KEY (account, meter)
);
CREATE TABLE connections (
    account   text COLLATE "C" NOT NULL,
    service   text NOT NULL,
    connected boolean NOT NULL,
    PRIMARY KEY (account, service)
);
-- Reference data as published; entity is the topic's key: provider/…, service/…, tariff/…, building/…, agent-key/….
CREATE TABLE directory (
    entity  text COLLATE "C" PRIMARY KEY,
    version integer NOT NULL,
    body    jsonb   NOT NULL
);
CREATE TABLE holders (
    account    text COLLATE "C" PRIMARY KEY,
    version    integer NOT NULL,
    name       text NOT NULL,
    address_ru text NOT NULL,
    address_kk text NOT NULL,
    phone      text
);
CREATE TABLE api_keys (
    id         text PRIMARY KEY,
    owner      text NOT NULL,
    hash       bytea NOT NULL,
    scopes     text[] NOT NULL,
    label      text NOT NULL,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE TABLE uploads (
    id          uuid PRIMARY KEY,
    provider    text NOT NULL,
    key_id      text NOT NULL,
    scopes      text[] NOT NULL,
    format      text NOT NULL,
    mode        text NOT NULL CHECK (mode IN ('continue', 'atomic', 'dry-run')),
    batch       text,
    digest      text NOT NULL,
    bytes       bigint NOT NULL,
    stated_count bigint,
    stated_sum  bigint,
    repeat_of   uuid,
    state       text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'checking', 'appending', 'done', 'refused')),
    total       bigint,
    accepted    bigint NOT NULL DEFAULT 0,
    duplicate   bigint NOT NULL DEFAULT 0,
    conflict    bigint NOT NULL DEFAULT 0,
    rejected    bigint NOT NULL DEFAULT 0,
    unmatched   bigint NOT NULL DEFAULT 0,
    retry       bigint NOT NULL DEFAULT 0,
    sum_accepted bigint NOT NULL DEFAULT 0,
    header      text,
    problems    jsonb NOT NULL DEFAULT '[]',
    next_offset bigint NOT NULL DEFAULT 0,
    next_line   integer NOT NULL DEFAULT 1,
    lease       uuid,
    lease_until timestamptz,
    attempts    integer NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz
);
CREATE INDEX uploads_waiting ON uploads (received_at) WHERE state IN ('received', 'checking', 'appending');
CREATE INDEX uploads_digest ON uploads (provider, digest);
CREATE TABLE rejected_rows (
    upload uuid    NOT NULL REFERENCES uploads ON DELETE CASCADE,
    line   integer NOT NULL,
    status text    NOT NULL,
    code   text    NOT NULL,
    field  text,
    params jsonb   NOT NULL,
    raw    text    NOT NULL,
    PRIMARY KEY (upload, line)
);
-- Who did what that is no fact: keys, closes, refused attempts on foreign services. Never edited.
CREATE TABLE audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    who     text NOT NULL,
    act     text NOT NULL,
    subject text NOT NULL,
    detail  jsonb NOT NULL DEFAULT '{}'
);
