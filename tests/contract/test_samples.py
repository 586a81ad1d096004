"""Golden samples: every one is a CloudEvent that its schema accepts, and that we read back as the same data."""

import json

import jsonschema_rs
import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from common.eventtypes import EventType
from tests.contract.catalogue import sample, services

KINDS = [kind for service in services() for kind in service.register().types.values()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.full)
def test_a_sample_is_what_its_schema_and_an_independent_reader_accept(kind: EventType) -> None:
    """The schema, the CloudEvents SDK and our own class agree."""
    event = JSONFormat().read(CloudEvent, sample(kind))
    assert event.get_type() == kind.full
    jsonschema_rs.validator_for(kind.schema()).validate(event.get_data())
    assert msgspec.json.decode(json.dumps(event.get_data()), type=kind.data) == kind.example


def test_names_are_past_tense_words_of_the_register() -> None:
    """Class and wire name agree: charge.posted ↔ ChargePosted."""
    for kind in KINDS:
        words = kind.name.replace("-", ".").split(".")
        assert kind.data.__name__.removesuffix(f"V{kind.version}").lower().endswith("".join(words).lower()), kind.full
