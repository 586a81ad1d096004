-- Accounts and how far each is closed. A parked account may lag behind the others of its partition.
CREATE TABLE accounts (
    account        text     PRIMARY KEY,
    partition      smallint NOT NULL,
    closed_through text     NOT NULL DEFAULT ''
) WITH (fillfactor = 80);
CREATE INDEX accounts_by_partition ON accounts (partition, account);

-- Every number an account was ever known by; a number never moves.
CREATE TABLE numbers (
    number  text PRIMARY KEY,
    account text NOT NULL
);

CREATE TYPE entry_part AS ENUM ('opening', 'charged', 'adjusted', 'benefit', 'penalty', 'paid');
CREATE TYPE entry_kind AS ENUM (
    'balance.carried-in', 'charge.posted', 'charge.adjusted', 'charge.reversed', 'benefit.granted', 'benefit.reversed',
    'penalty.accrued', 'penalty.reversed', 'payment.received', 'payment.reversed', 'advance.applied');

-- Every posting, append-only: balances are sums over it, so applying a batch updates no row. The key is also the one index:
-- a fact of the same sequence cannot be counted twice in its month. Sequence 0 is an entry made by the close of the month.
CREATE TABLE entries (
    account     text        NOT NULL,
    period      text        NOT NULL,
    sequence    integer     NOT NULL,
    line        smallint    NOT NULL,
    kind        entry_kind  NOT NULL,
    part        entry_part  NOT NULL,
    service     text        NOT NULL,
    provider    text        NOT NULL,
    amount      bigint      NOT NULL,
    reference   text        NOT NULL,
    for_period  text,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    detail      text        NOT NULL,
    PRIMARY KEY (account, period, sequence, line)
);

-- What each service brings into a month from the closed one before; `aged` says of which months a debt is made.
CREATE TABLE openings (
    account text   NOT NULL,
    period  text   NOT NULL,
    service text   NOT NULL,
    amount  bigint NOT NULL CHECK (amount <> 0),
    aged    jsonb  NOT NULL,
    PRIMARY KEY (account, period, service)
);

-- The history of base data; what an account is on a day is a fold of it.
CREATE TABLE changes (
    account     text        NOT NULL,
    sequence    integer     NOT NULL,
    kind        text        NOT NULL,
    holds_from  date        NOT NULL,
    recorded_at timestamptz NOT NULL,
    data        text        NOT NULL,
    PRIMARY KEY (account, sequence)
);

CREATE TABLE readings (
    account     text        NOT NULL,
    meter       text        NOT NULL,
    taken_on    date        NOT NULL,
    sequence    integer     NOT NULL,
    value       text        NOT NULL,
    source      text        NOT NULL,
    provider    text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (account, meter, taken_on, sequence)
);

-- Issued statements, never changed. The totals stand beside the document so that lists need not open it.
CREATE TABLE statements (
    account   text    NOT NULL,
    period    text    NOT NULL,
    version   integer NOT NULL,
    id        uuid    NOT NULL,
    position  integer NOT NULL,
    cut_off   timestamptz NOT NULL,
    opening   bigint  NOT NULL,
    charged   bigint  NOT NULL,
    adjusted  bigint  NOT NULL,
    benefit   bigint  NOT NULL,
    penalty   bigint  NOT NULL,
    paid      bigint  NOT NULL,
    closing   bigint  NOT NULL CHECK (closing = opening + charged + adjusted - benefit + penalty - paid),
    to_pay    bigint  NOT NULL,
    hash      text    NOT NULL,
    data      text    NOT NULL,
    PRIMARY KEY (account, period, version)
);

-- How far the close of a month has come in a partition; `cursor` is the last account done.
CREATE TABLE closings (
    period     text     NOT NULL,
    partition  smallint NOT NULL,
    cut_off    timestamptz NOT NULL,
    cursor     text     NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL,
    done_at    timestamptz,
    PRIMARY KEY (period, partition)
);

-- Closes that wait for a parked account: due once its facts up to `after_version` are applied.
CREATE TABLE queued_closes (
    topic         text    NOT NULL,
    account       text    NOT NULL,
    period        text    NOT NULL,
    cut_off       timestamptz NOT NULL,
    after_version integer NOT NULL,
    PRIMARY KEY (account, period)
);

-- The versions of the rule that splits payments. The order of services belongs to the version: it is what the directory said
-- of a service first, and a later change of the directory does not move it.
CREATE TABLE split_rules (
    version        smallint PRIMARY KEY,
    effective_from text NOT NULL
);
INSERT INTO split_rules (version, effective_from) VALUES (1, '');
CREATE TABLE split_orders (
    version smallint NOT NULL REFERENCES split_rules,
    service text     NOT NULL,
    place   integer  NOT NULL,
    PRIMARY KEY (version, service)
);

-- Personal data: ordinary rows, erased by a tombstone.
CREATE TABLE holders (
    account    text    PRIMARY KEY,
    version    integer NOT NULL,
    name       text    NOT NULL,
    address_ru text    NOT NULL,
    address_kk text    NOT NULL,
    phone      text
);

CREATE TABLE directory (
    kind    text    NOT NULL,
    id      text    NOT NULL,
    version integer NOT NULL,
    data    text    NOT NULL,
    PRIMARY KEY (kind, id)
);

-- Who may see which account.
CREATE TABLE links (
    user_id      text NOT NULL,
    account      text NOT NULL,
    masked_until timestamptz,
    PRIMARY KEY (user_id, account)
);

-- Drafts asked for whose positions are not applied yet.
CREATE TABLE draft_requests (
    request  text PRIMARY KEY,
    account  text NOT NULL,
    period   text NOT NULL,
    position integer NOT NULL,
    asked_at timestamptz NOT NULL
);
