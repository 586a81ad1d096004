"""The real web of identity with a hash that costs nothing: what refusals then differ in is not lost in its noise."""

from dataclasses import replace

from argon2 import PasswordHasher
from flask import Flask

from common import logs, server
from identity import api
from identity.app import build_desk
from identity.config import from_environment
from identity.gateways.hashing import Hasher

LIGHT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def app() -> Flask:
    """As the web process builds it."""
    config = from_environment()
    desk = build_desk(config, "light-identity", pool_size=config.web_threads)
    return api.create(replace(desk, hasher=Hasher(config.hash_concurrency, argon2=LIGHT)))


if __name__ == "__main__":
    given = from_environment()
    logs.configure("identity", given.log_level)
    server.serve(app, lambda: None, host=given.http_host, port=given.http_port, admin_port=given.admin_port or None)
