"""`python -m mailcatcher`: runs until SIGTERM or SIGINT."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailcatcher.pages import http_server
from mailcatcher.store import keep


class Keeper:
    """What the SMTP server does with a message."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(  # noqa: N802  # the library calls it by the name of the SMTP command
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the message, whoever it is for; nothing leaves this machine."""
        keep(self.folder, envelope.original_content or b"")
        return "250 Kept"


def main(
    folder: Annotated[Path, typer.Option(envvar="MAIL_DIR", help="Where the messages are kept.")],
    host: Annotated[str, typer.Option(envvar="HTTP_HOST", help="The address to listen on.")] = "127.0.0.1",
    smtp_port: Annotated[int, typer.Option(envvar="SMTP_PORT", help="Where mail comes in.")] = 18025,
    http_port: Annotated[int, typer.Option(envvar="HTTP_PORT", help="Where it is shown.")] = 18026,
) -> None:
    """Take every message by SMTP, keep it, and show it: GET /messages?to=…, GET /."""
    folder.mkdir(parents=True, exist_ok=True)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    smtp = Controller(Keeper(folder), hostname=host, port=smtp_port)
    pages = http_server(host, http_port, folder)
    smtp.start()
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    typer.echo(f"mail comes in at {host}:{smtp_port} and is shown at http://{host}:{http_port}/")
    stopping.wait()
    pages.shutdown()
    pages.server_close()
    smtp.stop()


if __name__ == "__main__":
    typer.run(main)
