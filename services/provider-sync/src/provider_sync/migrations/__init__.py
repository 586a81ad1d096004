"""provider-sync's own tables, and the shared ones they stand beside."""

SHARED = ("outbox", "packs", "events", "consumer", "opened")
