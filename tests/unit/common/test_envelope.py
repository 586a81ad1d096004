"""The envelope: what is rendered is a CloudEvent for us and for an independent reader."""

import json
from uuid import UUID

from cloudevents.core.bindings.kafka import KafkaMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from common.envelope import decode, digest, full_type, render
from common.ids import named_id, named_text, statement_id, uuid7, uuid7_texts

CHARGE = full_type("provider-sync", "charge.posted")


def rendered(key: str = '1"00') -> bytes:
    """An event whose key needs escaping."""
    return render(
        ident="0192",
        source="/provider-sync/heat",
        type=CHARGE,
        key=key,
        time="2026-11-01T03:00:00Z",
        recorded="2026-11-01T05:12:07.123456Z",
        data='{"amount":1,"note":"Қ"}',
        sequence=17,
        correlation="c",
    )


def test_we_read_what_we_render() -> None:
    """Every attribute comes back, data untouched."""
    event = decode(rendered())
    assert (event.type, event.subject, event.sequence, bytes(event.data)) == (
        CHARGE,
        '1"00',
        17,
        '{"amount":1,"note":"Қ"}'.encode(),
    )
    assert event.recorded_at > event.happened_at


def test_an_independent_reader_accepts_it() -> None:
    """The CloudEvents SDK reads the same event from the record."""
    event = from_structured(
        KafkaMessage({"content-type": b"application/cloudevents+json"}, b"100", rendered()), JSONFormat(), CloudEvent
    )
    assert event.get_type() == CHARGE
    assert event.get_extension("sequence") == 17
    assert event.get_data() == {"amount": 1, "note": "Қ"}


def test_the_digest_ignores_the_order_of_keys() -> None:
    """Canonical data, id and type make the digest."""
    assert digest("1", CHARGE, b'{"a":1,"b":2}') == digest("1", CHARGE, json.dumps({"b": 2, "a": 1}).encode())


def test_ids_are_version_7_and_differ() -> None:
    """Both makers give UUIDv7; a statement's id is always the same."""
    made = [*uuid7_texts(500), str(uuid7())]
    assert len(set(made)) == 501
    assert {UUID(text).version for text in made} == {7}
    assert statement_id("1", "2026-10", 1) == statement_id("1", "2026-10", 1) != statement_id("1", "2026-10", 2)


def test_an_id_as_text_is_the_one_that_the_library_makes() -> None:
    """What was published under it before is found again."""
    for name in ("", "allocation/100/2/p-1", "шот", *map(str, range(300))):
        assert named_text(name) == str(named_id(name))
