"""Letters: templates in Russian and Kazakh, text and simple HTML from one source."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

Letter = Literal[
    "confirm", "known-email", "account-linked", "access-revoked", "password-changed", "password-reset",
    "email-confirm", "email-changed", "new-sign-in", "second-factor-on", "second-factor-off", "cabinet-closed",
    "receipt-ready",
]  # fmt: skip

_templates = Environment(
    loader=PackageLoader("identity"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# `Label: https://…` alone in a paragraph is a button in HTML.
_BUTTON = re.compile(r"([^\n:]{1,60}): (https?://\S+)")
_QUIET, _ONE_CLICK = "unsubscribe", "one_click"
_GAPS = re.compile(r"\n{3,}")


class Mail(NamedTuple):
    """What a letter is made of: the template, the reader's language, the values it shows."""

    letter: Letter
    language: str
    values: dict[str, str]


def message(mail: Mail, ident: str, sender: str, recipient: str) -> EmailMessage:
    """The letter as it is sent; `ident` makes the Message-ID, the same on every try."""
    subject, _, text = (
        _templates.get_template(f"mail/{mail.letter}.{mail.language}.txt").render(mail.values).partition("\n")
    )
    made = EmailMessage()
    made["Subject"] = subject.strip()
    made["From"] = sender
    made["To"] = Address(addr_spec=recipient)
    made["Message-ID"] = f"<{ident}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    if leave := mail.values.get(_ONE_CLICK):
        made["List-Unsubscribe"] = f"<{leave}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made["Content-Language"] = mail.language
    text = _GAPS.sub("\n\n", text.strip())
    made.set_content(text + "\n")
    made.add_alternative(_html(mail, subject.strip(), text), subtype="html")
    return made


class Paragraph(NamedTuple):
    """A piece of a letter; with a link it is a button, a quiet one at the foot."""

    text: str
    link: str = ""
    quiet: bool = False


def _html(mail: Mail, subject: str, text: str) -> str:
    paragraphs = [_paragraph(mail, piece) for piece in text.split("\n\n")]
    return _templates.get_template("mail/letter.html").render(
        language=mail.language, subject=subject, paragraphs=paragraphs
    )


def _paragraph(mail: Mail, piece: str) -> Paragraph:
    found = _BUTTON.fullmatch(piece)
    # Only addresses we made are links: what a person typed never becomes one.
    if found and found[2] in (mail.values.get("link"), mail.values.get(_QUIET)):
        return Paragraph(found[1], found[2], found[2] == mail.values.get(_QUIET))
    return Paragraph(piece)
