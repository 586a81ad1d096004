"""The way of one account through receipts."""

import json

from common.postgres import connect
from receipts.store import trace as store


def trace(url: str, account: str) -> str:
    """The statements known of an account and the documents made of them, as JSON."""
    with connect(url, "receipts-trace") as conn:
        return json.dumps(store.trace(conn, account), ensure_ascii=False, indent=2, default=str)
