"""A small town on real PostgreSQL: accounts with payments, residents who register, read their mail and sign in."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from common.clock import now
from identity.events import AccountOpened, Heard, PaymentReceived
from identity.handlers import facts, post
from identity.handlers.desk import Desk
from identity.projections import Fact

PASSWORD = "қызыл алма көк аспан"
LONG_AGO = timedelta(days=10)


@dataclass
class Town:
    """One identity service with its database; `source` is the address calls come from."""

    desk: Desk
    app: Flask
    source: str = "198.51.100.7"
    read: list[EmailMessage] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def hears(self, account: str, *events: Heard, first: int = 1, ago: timedelta = LONG_AGO) -> None:
        """Facts of one account, numbered from `first`, recorded some time ago."""
        told = [Fact(account, first + index, now() - ago, event) for index, event in enumerate(events)]
        with self.desk.pool.connection() as conn, conn.transaction():
            facts.hear(self.desk, conn, told)

    def account(self, account: str, tenge: int = 13_500, day: str = "2026-11-08") -> str:
        """An open account whose last payment is `tenge`."""
        self.hears(account, AccountOpened(), payment(f"P-{account}", tenge, day))
        return account

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One HTTP call; `Idempotency_Key="k"` becomes a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.app.test_client() as client:
            return client.open(
                path, method=method, json=body, headers=named, environ_overrides={"REMOTE_ADDR": self.source}
            )

    def registers(
        self, user_name: str, account: str, amount: str | None = "13 500,00", /, **other: Any
    ) -> TestResponse:
        """Sends the form."""
        form = {
            "user_name": user_name,
            "email": f"{user_name}@example.kz",
            "password": PASSWORD,
            "password_again": PASSWORD,
            "language": "kk",
            "account": account,
            "last_payment_amount": amount,
        }
        return self.call("POST", "/v1/registrations", form | other)

    def letters(self, to: str | None = None) -> list[EmailMessage]:
        """All mail so far, or that of one address, oldest first."""
        while post.send_due(self.desk, self.read.append):
            pass
        return [letter for letter in self.read if to is None or letter["To"] == to]

    def token(self, to: str) -> str:
        """The token of the newest link sent to an address."""
        return token_in(self.letters(to)[-1])

    def resident(
        self, user_name: str, account: str, amount: str | None = "13 500,00", /, **other: Any
    ) -> dict[str, str]:
        """Registered, confirmed, signed in; returns the header of authorization."""
        registered = self.registers(user_name, account, amount, **other)
        assert registered.status_code == 202, registered.text
        token = self.token(other.get("email", f"{user_name}@example.kz"))
        assert self.call("POST", "/v1/registrations/confirm", {"token": token}).status_code == 200
        return bearer(self.signs_in(user_name).json)

    def signs_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        """Opens a session."""
        return self.call("POST", "/v1/sessions", {"login": login, "password": password})

    def adds(
        self, who: dict[str, str], account: str, amount: str = "13500,00", key: str = "", **other: Any
    ) -> TestResponse:
        """Adds an account to a cabinet, under a new key unless one is given."""
        body = {"account": account, "last_payment_amount": amount} | other
        return self.call("POST", "/v1/me/accounts", body, Idempotency_Key=key or f"k{next(self.numbers)}", **who)

    def accounts(self, who: dict[str, str]) -> list[str]:
        """The ids of the accounts in a cabinet."""
        answer = self.call("GET", "/v1/me/accounts", **who)
        return [account["account"] for account in json_of(answer)["accounts"]]

    def linked(self, who: dict[str, str], account: str) -> dict[str, Any]:
        """An account as a cabinet shows it."""
        listed = json_of(self.call("GET", "/v1/me/accounts", **who))["accounts"]
        return next(found for found in listed if found["account"] == account)

    def activity(self, who: dict[str, str]) -> list[tuple[str, str | None]]:
        """What happened in a cabinet, newest first: kind and account."""
        entries = json_of(self.call("GET", "/v1/me/activity", **who))["entries"]
        return [(entry["kind"], entry["account"]) for entry in entries]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds."""
        with self.desk.pool.connection() as conn:
            return conn.execute(query.encode(), values).fetchall()


def payment(reference: str, tenge: int, day: str) -> PaymentReceived:
    """A bank's payment at noon of a day in Almaty."""
    date.fromisoformat(day)
    return PaymentReceived("bank", reference, f"{day}T07:00:00Z", tenge * 100)


def token_in(letter: EmailMessage) -> str:
    """The token of the link in a letter's text."""
    body = letter.get_body(("plain",))
    assert body is not None
    link = re.search(r"https?://\S+", body.get_content())
    assert link is not None
    return parse_qs(urlsplit(link[0]).query)["token"][0]


def bearer(tokens: Any) -> dict[str, str]:
    """The header of an access token."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def json_of(answer: TestResponse) -> Any:
    """The body of an answer."""
    assert answer.is_json or answer.content_type == "application/problem+json", answer.text
    return answer.get_json(force=True)


def code_of(answer: TestResponse) -> str:
    """The stable code of a problem."""
    return str(json_of(answer)["code"])
