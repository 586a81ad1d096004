"""Facts of accounts as they stand on `provider-sync.accounts.v1`: dictionaries, records and bytes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from common import kafka
from common.envelope import decode
from common.streams import Record

Event = dict[str, Any]

PREFIX = "kz.settlement.provider-sync."
ORDER = {"heating": 1, "water": 2, "lift": 3}


@dataclass
class Log:
    """One account's log: gives each fact its sequence and the fields intake fills in."""

    account: str
    events: list[Event] = field(default_factory=list)
    month: str = "2026-10"

    def say(self, kind: str, at: str = "2026-10-15T06:00:00Z", provider: str = "almaty-heat", **data: Any) -> Event:
        """Appends a fact; `reference` and, for money, `posting_period` are made when they are not given."""
        sequence = len(self.events) + 1
        said = {"provider": provider, "reference": f"{kind[:3]}-{self.account}-{sequence}"} | data
        event = envelope(self.account, kind, said, sequence, at)
        self.events.append(event)
        return event

    def open(self, **data: Any) -> Event:
        """account.opened, with a flat."""
        flat: dict[str, Any] = {"building": "b-12", "flat": "7", "premises": "flat"}
        people: dict[str, Any] = {"residents": 3, "area_total": "54.10"}
        return self.say("account.opened", at="2026-08-01T00:00:00Z", **(flat | people | data))

    def charge(self, service: str, amount: int, month: str | None = None, **data: Any) -> Event:
        """charge.posted."""
        said: dict[str, Any] = {"period": month or self.month, "posting_period": month or self.month}
        return self.say("charge.posted", service=service, amount=amount, **(said | data))

    def pay(self, amount: int, month: str | None = None, provider: str = "halyk", **data: Any) -> Event:
        """payment.received; split over services when `split` is given as a dictionary."""
        period = month or self.month
        split = data.pop("split", None)
        given = {"split": [{"service": s, "amount": a} for s, a in split.items()]} if split else {}
        paid = {"amount": amount, "paid_at": f"{period}-16T05:00:00Z", "channel": "bank", "posting_period": period}
        return self.say("payment.received", at=f"{period}-16T05:00:00Z", provider=provider, **(paid | given | data))

    def take_back(self, payment: Event, month: str | None = None) -> Event:
        """payment.reversed of a payment said before."""
        said = payment["data"]
        names = {"provider": said["provider"], "reference": said["reference"]}
        money = {"amount": said["amount"], "paid_at": said["paid_at"], "posting_period": month or self.month}
        return self.say("payment.reversed", provider=said["provider"], reverses=names, reason="returned", **money)


def envelope(account: str, kind: str, data: dict[str, Any], sequence: int | None, at: str) -> Event:
    """A CloudEvent of the accounts topic; the same input gives the same id."""
    event: Event = {
        "specversion": "1.0",
        "id": str(uuid5(NAMESPACE_URL, f"{account}/{kind}/{sequence}/{data.get('reference')}")),
        "source": f"/provider-sync/{data.get('provider', 'centre')}",
        "type": f"{PREFIX}{kind}.v1",
        "subject": account,
        "time": at,
        "recordedtime": "2026-10-15T06:00:01.5Z",
        "partitionkey": account,
        "datacontenttype": "application/json",
        "data": data,
    }
    return event if sequence is None else event | {"sequence": sequence}


def barriers(period: str, cut_off: str = "2026-11-05T13:00:00Z") -> list[Event]:
    """The close of a month: one marker for each partition."""
    return [_barrier(period, partition, cut_off) for partition in range(kafka.PARTITIONS)]


def _barrier(period: str, partition: int, cut_off: str) -> Event:
    said = {"period": period, "partition": partition, "cut_off": cut_off}
    return envelope(f"period/{period}/{partition}", "period.closed", said, None, cut_off) | {"partition": partition}


def record(event: Event, offset: int = 0, topic: str = "provider-sync.accounts.v1") -> Record:
    """The event as the consumer hands it to the ledger."""
    value = json.dumps(event).encode()
    key = event["subject"]
    return Record(topic, kafka.partition_of(key), offset, key, event["type"], value, decode(value))


def records(events: Sequence[Event]) -> list[Record]:
    """Events as one batch."""
    return [record(event, offset) for offset, event in enumerate(events)]


def publish(address: str, topic: str, events: Iterable[Event]) -> None:
    """Puts events on the topic in this order, each in its key's partition or the one it names."""
    rows = []
    for event in events:
        partition = event.get("partition", kafka.partition_of(event["subject"]))
        rows.append((event["subject"], json.dumps(event).encode(), event["type"], partition))
    send(address, topic, rows)


def send(address: str, topic: str, rows: Sequence[tuple[str, bytes | None, str, int]]) -> None:
    """Puts records (key, value, type, partition) on a topic."""
    producer = kafka.producer(address, "test")
    futures = [
        producer.send(topic, key=key.encode(), value=value, partition=partition, headers=[("ce_type", type_.encode())])
        for key, value, type_, partition in rows
    ]
    producer.flush(30)
    assert all(future.succeeded() for future in futures)
    producer.close()
