-- Issued statements as heard from the ledger; a row never changes.
CREATE TABLE statements (
    account    text     NOT NULL,
    period     text     NOT NULL,
    version    integer  NOT NULL CHECK (version > 0),
    facts_hash text     NOT NULL,
    to_pay     bigint   NOT NULL,
    currency   text     NOT NULL,
    data       text     COMPRESSION lz4 NOT NULL,
    PRIMARY KEY (account, period, version)
);
CREATE INDEX statements_by_period ON statements (period, account);

-- Names and addresses as printed; an erased holder keeps the row, so that an older record cannot bring the name back.
CREATE TABLE holders (
    account    text    PRIMARY KEY,
    version    integer NOT NULL,
    name       text    NOT NULL,
    address_ru text    NOT NULL,
    address_kk text    NOT NULL
);

-- Who may see which account.
CREATE TABLE access (
    user_id      text NOT NULL,
    account      text NOT NULL,
    masked_until timestamptz,
    PRIMARY KEY (user_id, account)
);

-- One row per document to be: the same facts, holder, form, language and variant have the same code and are rendered once.
-- The code is derived from them and printed for verification. `draft` and `holder` are emptied when the PDF stands.
CREATE TABLE documents (
    code              text        PRIMARY KEY,
    account           text        NOT NULL,
    period            text        NOT NULL,
    language          text        NOT NULL CHECK (language IN ('ru', 'kk')),
    masked            boolean     NOT NULL,
    template          text        NOT NULL,
    statement_version integer     NOT NULL,
    facts_hash        text        NOT NULL,
    holder_version    integer     NOT NULL,
    to_pay            bigint      NOT NULL,
    currency          text        NOT NULL,
    holder            text,
    draft             text        COMPRESSION lz4,
    bulk              boolean     NOT NULL,
    state             text        NOT NULL CHECK (state IN ('queued', 'rendering', 'ready', 'failed', 'erased')),
    attempts          smallint    NOT NULL DEFAULT 0,
    lease_until       timestamptz NOT NULL DEFAULT '-infinity',
    announced_at      timestamptz NOT NULL DEFAULT now(),
    last_error        text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    ready_at          timestamptz,
    digest            text,
    size_bytes        integer,
    pages             smallint
);
CREATE INDEX documents_unfinished ON documents (bulk, created_at) WHERE state IN ('queued', 'rendering');
CREATE INDEX documents_of_account ON documents (account);
CREATE INDEX documents_erased ON documents (code) WHERE state = 'erased';

-- One row per request of a resident. `waiting`: an open month, the ledger was asked; `linked`: a document is named.
CREATE TABLE receipts (
    id              uuid        PRIMARY KEY,
    user_id         text        NOT NULL,
    account         text        NOT NULL,
    period          text        NOT NULL,
    language        text        NOT NULL,
    masked          boolean     NOT NULL,
    idempotency_key text        NOT NULL,
    request_digest  text        NOT NULL,
    after           text[]      NOT NULL,
    state           text        NOT NULL CHECK (state IN ('waiting', 'linked', 'failed')),
    asks            smallint    NOT NULL DEFAULT 0,
    deadline        timestamptz,
    document        text        REFERENCES documents ON DELETE SET NULL,
    reason          text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, idempotency_key)
);
CREATE INDEX receipts_waiting ON receipts (account, period) WHERE state = 'waiting';
CREATE INDEX receipts_of_document ON receipts (document);
CREATE INDEX receipts_of_account ON receipts (account);
