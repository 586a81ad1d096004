"""Tables of identity, numbered; those it shares with other services come from common."""

SHARED = ("events", "outbox", "packs", "consumer", "idempotency", "opened")
