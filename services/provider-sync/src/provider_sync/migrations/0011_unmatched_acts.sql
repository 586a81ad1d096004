-- A payment nobody's account ever takes is given back by an operator; which request or upload brought it is kept, too.
SET LOCAL lock_timeout = '5s';
ALTER TABLE unmatched
    ADD COLUMN correlation     text NOT NULL DEFAULT '',
    ADD COLUMN returned_at     timestamptz,
    ADD COLUMN returned_by     text,
    ADD COLUMN returned_reason text;
