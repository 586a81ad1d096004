"""The mail server."""

import smtplib
from email.message import EmailMessage
from types import TracebackType
from typing import Self

_PATIENCE_S = 15


class Unsendable(Exception):
    """The server refused the mail for good; trying again changes nothing."""


class NotNow(Exception):
    """The server does not answer or asks to come back later."""


class Postbox:
    """One connection to the mail server, opened with the first mail and again after a failure."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def send(self, message: EmailMessage) -> None:
        """Hands the mail over; returns when the server took it. Raises Unsendable or NotNow."""
        try:
            if self._server is None:
                self._server = smtplib.SMTP(self._host, self._port, timeout=_PATIENCE_S)
            self._server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            self._hang_up()
            code = max(code for code, _ in error.recipients.values())
            raise (Unsendable if code >= 500 else NotNow)(f"recipient refused: {code}") from None
        except smtplib.SMTPResponseException as error:
            self._hang_up()
            raise (Unsendable if error.smtp_code >= 550 else NotNow)(f"refused: {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise NotNow(type(error).__name__) from None

    def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
