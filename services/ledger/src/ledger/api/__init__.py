"""The HTTP door: residents read their accounts; nothing here changes anything."""

from ledger.api.routes import create

__all__ = ["create"]
