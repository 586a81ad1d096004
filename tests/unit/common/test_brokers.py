"""Kafka's address, plain and with TLS and a password."""

import pytest

from common.brokers import BadAddress, settings, shown


def test_a_plain_address_says_only_where() -> None:
    """As many brokers as one likes."""
    assert settings("a:9092,b:9092") == {"bootstrap_servers": "a:9092,b:9092"}


def test_a_safe_address_brings_all_that_signing_in_needs() -> None:
    """What would end the address is written with per cent."""
    told = settings("kafkas://ledger:p%40ss%2F1@a:9093,b:9093?ca=/etc/ca.pem")
    assert told["bootstrap_servers"] == ["a:9093", "b:9093"]
    assert (told["security_protocol"], told["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (told["sasl_plain_username"], told["sasl_plain_password"]) == ("ledger", "p@ss/1")
    assert told["ssl_cafile"] == "/etc/ca.pem"
    assert settings("kafkas://ledger:x@a:9093")["ssl_cafile"] is None


@pytest.mark.parametrize(
    "address",
    ["kafka://u:hidden@a:1", "kafkas://a:1", "kafkas://u@a:1", "kafkas://u:hidden@", "kafkas://u:hidden@a:1?verify=no"],
)
def test_what_cannot_be_understood_is_refused_without_being_repeated(address: str) -> None:
    """A mistyped setting ends in a log."""
    with pytest.raises(BadAddress) as refused:
        settings(address)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(("address", "said"), [("a:1,b:1", "a:1,b:1"), ("kafkas://u:hidden@a:1?ca=/ca", "a:1")])
def test_a_message_names_the_brokers_only(address: str, said: str) -> None:
    """Operators paste them into tickets."""
    assert shown(address) == said
