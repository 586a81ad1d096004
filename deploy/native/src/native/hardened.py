"""`make run HARDENED=yes`: the same processes with TLS to every server, secrets from files, and no right too many.

Each service signs in to PostgreSQL, Kafka and Redis under its own name; only its `migrate` is the owner of its tables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from native.compose import Plan, Process
from native.credentials import Credentials
from native.databases import SERVICES, role_of
from native.servers import Servers

SECRETS = ("IDENTITY_KEY_SECRET", "GATEWAY_SECRET")


def hardened(plan: Plan, servers: Servers, credentials: Credentials) -> Plan:
    """The plan with each secret in a file; nothing of the demonstration's is left in an environment."""
    made = tuple(replace(p, environment=_environment(p, servers, credentials)) for p in plan.processes)
    return replace(plan, processes=made)


def _environment(process: Process, servers: Servers, credentials: Credentials) -> Mapping[str, str]:
    told = dict(process.environment) | {"DEMO": "no"}
    for name, value in _secrets(process, servers, credentials):
        if told.pop(name, None) is not None:
            told[f"{name}_FILE"] = credentials.setting(f"{process.name}.{name.lower()}", value)
    if process.name == "topics":
        told["KAFKA_GRANTS"] = "yes"
    if process.name.endswith("-migrate"):
        told["RUNNING_ROLE"] = role_of(_service(process))
    return told


def _secrets(process: Process, servers: Servers, credentials: Credentials) -> Iterator[tuple[str, str]]:
    service = _service(process)
    if service:
        role = role_of(service) + ("_owner" if process.name.endswith("-migrate") else "")
        yield "DATABASE_URL", servers.postgres.address_of(role, role_of(service))
        yield "REDIS_URL", servers.redis.address_of(service)
    yield "KAFKA_BOOTSTRAP_SERVERS", servers.kafka.address_of(service or "admin")
    yield from ((name, credentials.password(name.lower())) for name in SECRETS)


def _service(process: Process) -> str:
    return next((service for service in SERVICES if process.name.startswith(f"{service}-")), "")
