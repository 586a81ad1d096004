"""The HTTP side: a page for people, JSON for programs, and the two health answers."""

import json
from dataclasses import asdict
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mailcatcher.store import Message, messages

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Caught mail</title>
<style>body{{font:16px sans-serif;max-width:50rem;margin:2rem auto}}pre{{white-space:pre-wrap;background:#f4f4f4;
padding:1rem}}</style><h1>Caught mail</h1><p>{count} messages, newest first.</p>{messages}</html>"""
ONE = "<section><h2>{subject}</h2><p>{at}, to {to}</p><pre>{text}</pre></section>"


def http_server(host: str, port: int, folder: Path) -> ThreadingHTTPServer:
    """A server that shows the folder's messages."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with the page, the list, or a health answer."""
            url = urlsplit(self.path)
            to = parse_qs(url.query).get("to", [None])[0]
            if url.path == "/messages":
                self._answer(200, "application/json", _json(messages(folder, to)))
            elif url.path == "/":
                self._answer(200, "text/html", _page(messages(folder, to)))
            elif url.path in ("/health/live", "/health/ready"):
                self._answer(200, "application/json", '{"status":"ready"}')
            else:
                self._answer(404, "application/json", '{"status":"not found"}')

        def _answer(self, status: int, kind: str, body: str) -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Requests for the list are no news."""

    return ThreadingHTTPServer((host, port), Handler)


def _json(found: list[Message]) -> str:
    return json.dumps({"messages": [asdict(message) for message in found]}, ensure_ascii=False)


def _page(found: list[Message]) -> str:
    parts = [
        ONE.format(subject=escape(m.subject), at=m.received_at, to=escape(", ".join(m.to)), text=escape(m.text))
        for m in found
    ]
    return PAGE.format(count=len(found), messages="".join(parts))
