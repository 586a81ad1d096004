-- What rebuilds found and whether they took the place of the live tables; an intended difference was accepted by a name.
CREATE TABLE rebuilds (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('rebuild', 'return')),
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL DEFAULT now(),
    facts        bigint      NOT NULL,
    accounts     bigint      NOT NULL,
    different    jsonb       NOT NULL,
    accepted_as  text,
    accepted_why text,
    published    integer     NOT NULL,
    switched     boolean     NOT NULL
);
