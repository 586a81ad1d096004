-- The public keys of access tokens as heard on identity.keys.v1; older versions never replace newer ones.
CREATE TABLE signing_keys (
    kid     text    PRIMARY KEY,
    version integer NOT NULL,
    state   text    NOT NULL CHECK (state IN ('next', 'active', 'retired')),
    jwk     jsonb   NOT NULL
);
