"""Tables of receipts; SHARED names the tables of libs/common they stand beside."""

SHARED = ("outbox", "packs", "consumer", "keys")
