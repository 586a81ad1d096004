"""A resident's side: the cabinet of identity, the accounts of the ledger, the documents of receipts."""

import re
import secrets
import time
from decimal import Decimal
from typing import Any

from demo.doors import Door, wait_for
from demo.memory import Resident
from demo.place import Place

Json = dict[str, Any]
_TOKEN = re.compile(r"[?#&/]token[=/]([0-9A-Za-z_.~-]+)")


def typed(amount: Decimal) -> str:
    """An amount as people here type it: 1 234,00."""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",")


class Cabinet:
    """One person at the doors."""

    def __init__(self, place: Place, language: str) -> None:
        self._language = language
        self._identity = Door(place.identity, language=language)
        self._ledger = Door(place.ledger, language=language)
        self._receipts = Door(place.receipts, language=language)
        self._mails = Door(place.mail)

    def register(self, person: Resident, amount: Decimal) -> None:
        """Register with the first account and what was paid for it last."""
        form = {
            "user_name": person.user_name, "email": person.email, "password": person.password,
            "password_again": person.password, "language": self._language, "account": person.accounts[0],
            "last_payment_amount": typed(amount),
        }  # fmt: skip
        # A payment that was accepted a moment ago may not have come to identity yet; an account has five tries a day.
        for pause_s in (1, 4, 12, 30):
            answer = self._identity.call("POST", "/v1/registrations", 202, 422, json=form)
            if answer.status_code == 202:
                return
            if answer.json().get("code") != "proof-failed":
                break
            time.sleep(pause_s)
        self._identity.call("POST", "/v1/registrations", 202, json=form)

    def confirm(self, email: str) -> str:
        """Follow the link of the confirmation mail; the answer is the mail's subject."""
        mail = wait_for(f"the mail to {email}", lambda: self._mail(email), 60)
        token = _TOKEN.search(mail["text"])
        if token is None:
            raise LookupError(f"no link with a token in the mail: {mail['text']}")
        self._identity.call("POST", "/v1/registrations/confirm", 200, 204, json={"token": token[1]})
        return str(mail["subject"])

    def sign_in(self, person: Resident) -> str:
        """Sign in; the answer is the position to read after."""
        session = self._identity.json(
            "POST", "/v1/sessions", 200, 201, json={"login": person.user_name, "password": person.password}
        )
        for door in (self._identity, self._ledger, self._receipts):
            door.authorize(f"Bearer {session['access_token']}")
        return str(session.get("position", ""))

    def link(self, account: str, amount: Decimal, nickname: str) -> str:
        """Add an account with the same proof; the answer is the position."""
        form = {"account": account, "last_payment_amount": typed(amount), "nickname": nickname}
        headers = {"Idempotency-Key": secrets.token_hex(12)}
        return str(self._identity.json("POST", "/v1/me/accounts", 201, json=form, headers=headers)["position"])

    def made_known(self, accounts: list[str]) -> str:
        """Whoever had these accounts before says “I know them” by the letter's link; answers where to read after.

        Until somebody does, a newcomer to an account sees its holder and address hidden.
        """
        answered: set[str] = set()

        def known() -> bool | None:
            masked = self._masked(accounts)
            for token in {token for account in masked for token in self._questions(account)} - answered:
                self._identity.json("POST", f"/v1/link-notices/{token}", 200, json={"answer": "known"})
                answered.add(token)
            return None if masked else True

        wait_for("the word of whoever had the accounts before", known, 60)
        return str(self._identity.json("GET", "/v1/me", 200)["position"])

    def _masked(self, accounts: list[str]) -> list[str]:
        linked = self._identity.json("GET", "/v1/me/accounts", 200)["accounts"]
        return [a["account"] for a in linked if a["account"] in accounts and a.get("masked_until")]

    def _questions(self, account: str) -> set[str]:
        """The tokens of all letters that ask a present holder about a newcomer to the account."""
        letters = self._mails.json("GET", "/messages", 200)["messages"]
        texts = [m["text"] for m in letters if account in m["text"] and "/link-notice?" in m["text"]]
        return {found[1] for text in texts if (found := _TOKEN.search(text))}

    def read(self, path: str, position: str = "", **params: str) -> Json:
        """Ask the ledger, after a position when one is given."""
        headers = {"Read-After": position} if position else {}
        answer: Json = self._ledger.json("GET", path, 200, headers=headers, params=params)
        return answer

    def receipt(self, account: str, month: str, language: str, position: str = "") -> bytes:
        """Ask for a receipt and wait until it is a PDF."""
        door = self._receipts
        headers = {"Idempotency-Key": secrets.token_hex(12)} | ({"Read-After": position} if position else {})
        asked = door.json(
            "POST", f"/v1/accounts/{account}/receipts", 200, 202, headers=headers,
            json={"period": month, "language": language},
        )  # fmt: skip

        def look() -> Json | None:
            state: Json = door.json("GET", f"/v1/receipts/{asked['id']}", 200, headers={"Prefer": "wait=5"})
            return state if state["state"] in ("ready", "failed") else None

        state = wait_for("the receipt", look, 60)
        if state["state"] == "failed":
            raise LookupError(f"the receipt failed: {state}")
        return door.call("GET", f"/v1/receipts/{asked['id']}/document", 200).content

    def _mail(self, email: str) -> Json | None:
        messages = self._mails.json("GET", "/messages", 200, params={"to": email})
        found = messages["messages"] if isinstance(messages, dict) else messages
        return found[0] if found else None
