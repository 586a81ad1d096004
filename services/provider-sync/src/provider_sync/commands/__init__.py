"""The operators' command line: senders, keys, months, uploads, the unmatched queue, the way of an account."""

from provider_sync.commands.access import keys, providers, services
from provider_sync.commands.intake import trace, unmatched, uploads
from provider_sync.commands.months import periods

__all__ = ["keys", "periods", "providers", "services", "trace", "unmatched", "uploads"]
