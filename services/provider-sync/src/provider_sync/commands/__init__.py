"""The operators' command line: operators, senders, keys, the directory, months, uploads, the audit."""

from provider_sync.commands.access import keys, operators
from provider_sync.commands.audit import audit
from provider_sync.commands.directory import agents, buildings, providers, services, tariffs
from provider_sync.commands.doctor import doctor
from provider_sync.commands.gate import gate
from provider_sync.commands.held import held
from provider_sync.commands.holders import holders
from provider_sync.commands.inboxes import inboxes
from provider_sync.commands.intake import trace, unmatched, uploads
from provider_sync.commands.months import periods
from provider_sync.commands.proof import ack, verify
from provider_sync.commands.repair import dead_letters, republish
from provider_sync.commands.restoring import restore
from provider_sync.commands.storage import storage

__all__ = [
    "ack", "agents", "audit", "buildings", "dead_letters", "doctor", "gate", "held", "holders", "inboxes", "keys",
    "operators", "periods", "providers", "republish", "restore", "services", "storage", "tariffs", "trace",
    "unmatched", "uploads", "verify",
]  # fmt: skip
