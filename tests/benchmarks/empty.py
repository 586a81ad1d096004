"""The yardstick of F4: an empty route of Flask on the server the ledger uses, with as many threads."""

import os

from flask import Flask

from common import server


def app() -> Flask:
    """One route that answers nothing but an empty object."""
    made = Flask("empty")

    @made.get("/")
    def nothing() -> tuple[str, dict[str, str]]:
        return "{}", {"Content-Type": "application/json"}

    return made


if __name__ == "__main__":
    port, admin_port = (int(os.environ[name]) for name in ("PORT", "ADMIN_PORT"))
    server.serve(app, lambda: None, host="127.0.0.1", port=port, admin_port=admin_port)
