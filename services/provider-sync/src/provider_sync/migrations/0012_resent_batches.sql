-- A batch sent again whole: which upload takes whose place, and who gave the word for a changed batch under a known key.
SET LOCAL lock_timeout = '5s';
ALTER TABLE uploads
    ADD COLUMN supersedes  uuid,
    ADD COLUMN root        uuid,
    ADD COLUMN confirms    uuid,
    ADD COLUMN unread      bigint NOT NULL DEFAULT 0,
    ADD COLUMN reverted_at timestamptz,
    DROP CONSTRAINT uploads_state_check,
    ADD CONSTRAINT uploads_state_check
        CHECK (state IN ('received', 'checking', 'unconfirmed', 'appending', 'done', 'refused'));
CREATE INDEX uploads_batch ON uploads (provider, batch) WHERE batch IS NOT NULL;
CREATE INDEX unmatched_correlation ON unmatched (correlation);
CREATE INDEX uploads_root ON uploads (root) WHERE root IS NOT NULL;
-- Events are stored in the order of time, so a few numbers per stretch of the table find those of an upload.
CREATE INDEX IF NOT EXISTS events_recorded ON events USING brin (recorded_at) WITH (autosummarize = on);
-- A batch as it stands now, made when it is first sent again or undone: by the reference in the files, the fact that
-- stands for it, and its sum with what the batch itself adjusted. `seen` is the last upload that named the row.
CREATE TABLE resent_rows (
    root      uuid NOT NULL,
    reference text COLLATE "C" NOT NULL,
    current   text COLLATE "C" NOT NULL,
    kind      text NOT NULL,
    amount    bigint NOT NULL,
    volume    numeric,
    gone      boolean NOT NULL DEFAULT false,
    seen      uuid,
    PRIMARY KEY (root, reference)
) WITH (fillfactor = 80);
CREATE TABLE resent_batches (
    root    uuid PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT now()
);
-- What a file sent again changes, row by row; line 0 for rows that the file lacks.
CREATE TABLE differences (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload    uuid NOT NULL REFERENCES uploads ON DELETE CASCADE,
    line      integer NOT NULL,
    reference text NOT NULL,
    what      text NOT NULL CHECK (what IN ('new', 'adjusted', 'replaced', 'missing')),
    was       bigint,
    becomes   bigint,
    fields    text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX differences_of ON differences (upload, id);
