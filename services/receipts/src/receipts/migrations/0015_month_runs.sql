-- The way a person walks with the printed month: buildings by address, flats by number.
CREATE TABLE buildings (
    id      text    PRIMARY KEY,
    version integer NOT NULL,
    address text    NOT NULL,
    walk    text    COLLATE "C" NOT NULL
);
ALTER TABLE statements ADD COLUMN building text, ADD COLUMN flat text;

-- Other numbers of an account, and when it changed hands: links made before that end with it.
CREATE TABLE aliases (
    number  text PRIMARY KEY,
    account text NOT NULL
);
CREATE TABLE sales (
    account text        PRIMARY KEY,
    at      timestamptz NOT NULL
);
ALTER TABLE access ADD COLUMN linked_at timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX access_of_account ON access (account);

-- A month made for many: one row of work per account. A later part holds only what changed since the parts before it.
CREATE TABLE runs (
    id         uuid        PRIMARY KEY,
    period     text        NOT NULL,
    language   text        NOT NULL,
    audience   text        NOT NULL CHECK (audience IN ('paper', 'everyone')),
    part       integer     NOT NULL,
    state      text        NOT NULL DEFAULT 'filling' CHECK (state IN ('filling', 'making', 'writing', 'done')),
    paused     boolean     NOT NULL DEFAULT false,
    filled_to  text        NOT NULL DEFAULT '',
    total      integer     NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    done_at    timestamptz,
    UNIQUE (period, language, audience, part)
);
CREATE TABLE run_rows (
    run      uuid    NOT NULL REFERENCES runs,
    account  text    NOT NULL,
    document text    NOT NULL,
    number   integer,
    written  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (run, account)
);
CREATE INDEX run_rows_of_document ON run_rows (account, document);
CREATE INDEX run_rows_unwritten ON run_rows (run, number) WHERE NOT written;
ALTER TABLE documents ADD COLUMN run uuid REFERENCES runs;
CREATE INDEX documents_of_run ON documents (run) WHERE run IS NOT NULL AND state IN ('queued', 'rendering');
ALTER TABLE documents DROP CONSTRAINT documents_language_check,
    ADD CONSTRAINT documents_language_check CHECK (language IN ('ru', 'kk', 'ru+kk'));
