"""The ledger's own tables, and the shared ones they stand beside."""

SHARED = ("outbox", "packs", "consumer", "keys")
