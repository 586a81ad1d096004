"""Letters and pages: templates in Russian and Kazakh, text and simple HTML from one source."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

Letter = Literal[
    "confirm", "known-email", "account-linked", "access-revoked", "password-changed", "password-reset"
]  # fmt: skip

_templates = Environment(
    loader=PackageLoader("identity"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_LINK = re.compile(r"https?://[^\s<]+")


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
    made["Content-Language"] = mail.language
    made.set_content(text.strip() + "\n")
    made.add_alternative(_html(mail.language, subject.strip(), text.strip()), subtype="html")
    return made


def _html(language: str, subject: str, text: str) -> str:
    paragraphs = [_linked(paragraph) for paragraph in text.split("\n\n")]
    return _templates.get_template("mail/letter.html").render(language=language, subject=subject, paragraphs=paragraphs)


def _linked(paragraph: str) -> Markup:
    escaped = str(escape(paragraph)).replace("\n", "<br>")
    return Markup(_LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escaped))  # noqa: S704  # escaped above


def page(name: str, language: str, **values: object) -> str:
    """A page for somebody who came by a link in a mail."""
    return _templates.get_template(f"page/{name}.html").render(language=language, **values)
