"""The outside world: the spool of files, the gate's rules; signing.py, apart for its weight, has a key of its own."""

from provider_sync.gateways.rules import own_rules, rules_from
from provider_sync.gateways.spool import Arriving, Spool, Spooled

__all__ = ["Arriving", "Spool", "Spooled", "own_rules", "rules_from"]
