"""The HTTP door: ask for a receipt, look after it, fetch it, check a printed one."""

import hashlib
import io
import re
import time
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote
from uuid import UUID

import flask
from flask import Response, request
from flask_openapi.openapi import OpenAPI

from common.auth import TokenVerifier
from common.clock import from_wire
from common.errors import KeyReused
from common.money import print_amount
from common.postgres import Pool
from common.problems import language
from common.web import create_app, etagged, idempotency, problem_answers, wait_visible
from receipts.api.models import (
    AccountPath,
    CodePath,
    JoinedQuery,
    ReceiptOrder,
    ReceiptPath,
    ReceiptView,
    Verification,
    receipt_view,
    verification,
)
from receipts.api.throttle import Throttle
from receipts.errors import AskedTooOften, NotFound
from receipts.events.heard import USERS
from receipts.gateways.files import Files
from receipts.handlers import requests
from receipts.handlers.requests import Order
from receipts.render.formats import file_name, moment, month
from receipts.render.joined import one_pdf, one_zip
from receipts.render.texts import Language, printed_as, text
from receipts.store.documents import Verified
from receipts.store.heard import user_head
from receipts.store.receipts import Receipt
from receipts.store.says import Says

_LONGEST_WAIT_S = 10
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,3})(?:$|[,;\s])")
_ACCOUNT_POSITION = re.compile(r"account/[0-9A-Za-z-]{1,40}@\d{1,9}", re.ASCII)
_SIGNED_IN: list[dict[str, list[str]]] = [{"bearer": []}]
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_PDF = {"content": {"application/pdf": _BYTES}}
_JOINED = {"content": {"application/pdf": _BYTES, "application/zip": _BYTES}}


class Receipts:
    """The calls; one instance per web process."""

    def __init__(
        self,
        pool: Pool,
        says: Says,
        files: Files,
        verifier: TokenVerifier,
        *,
        topic_prefix: str,
        draft_deadline_s: int,
        waiting_limit: int,
        verify_per_minute: int,
    ) -> None:
        self._pool, self._says, self._files, self._verifier = pool, says, files, verifier
        self._users_topic, self._draft_deadline_s = topic_prefix + USERS, draft_deadline_s
        self._waiting = BoundedSemaphore(max(1, waiting_limit))
        self._throttle = Throttle(verify_per_minute)

    def app(self) -> OpenAPI:
        """The Flask app with its routes and its OpenAPI document."""
        app = create_app("receipts", "Receipts", __doc__ or "", body_limit_bytes=4096)
        asked = {"200": ReceiptView, "202": ReceiptView} | problem_answers("401", "404", "429")
        found = {"200": ReceiptView} | problem_answers("401", "404")
        fetched = {"200": _PDF} | problem_answers("401", "404", "409")
        joined = {"200": _JOINED} | problem_answers("401", "404", "409")
        checked: dict[Any, Any] = {"200": Verification} | problem_answers("404", "429")

        @app.post("/v1/accounts/<string:number>/receipts", security=_SIGNED_IN, responses=asked)
        def ask_for_receipt(path: AccountPath, body: ReceiptOrder) -> Response:
            """Needs an Idempotency-Key. 202 while the document is made, 200 when it already stands ready."""
            return self.ask(path, body)

        @app.get("/v1/receipts/<uuid:id>", security=_SIGNED_IN, responses=found)
        def look_after_receipt(path: ReceiptPath) -> Response:
            """With `Prefer: wait=5` the answer waits up to so many seconds (10 at the most) for the end."""
            return self.look(path)

        @app.get("/v1/receipts/<uuid:id>/document", security=_SIGNED_IN, responses=fetched)
        def fetch_document(path: ReceiptPath) -> Response:
            """The PDF of a ready receipt; ranges and conditional requests are answered."""
            return self.fetch(path)

        @app.get("/v1/receipts/joined", security=_SIGNED_IN, responses=joined)
        def fetch_joined(query: JoinedQuery) -> Response:
            """Several ready receipts at once: one PDF to print, or a zip of the documents as they are.

            409 while one of them is not ready. The joined PDF has no tags for screen readers; the single ones have.
            """
            return self.join(query)

        @app.get("/v1/verify/<string:code>", responses=checked)
        def verify_code(path: CodePath) -> Response:
            """Public. A browser that scanned the printed code gets a page, everybody else JSON."""
            return self.verify(path)

        return app

    def ask(self, path: AccountPath, body: ReceiptOrder) -> Response:
        """Stores the request, or finds the one its key was used for."""
        user = self._user()
        key, digest = idempotency()
        after = _ACCOUNT_POSITION.findall(request.headers.get("Read-After", ""))
        order = Order(user, path.number, body.period, body.language, key, digest, after)
        receipt = requests.request_receipt(self._pool, self._says, order, self._draft_deadline_s)
        if receipt.request_digest != digest:
            raise KeyReused(field="Idempotency-Key")
        answer = _viewed(receipt, 200 if receipt.progress == "ready" else 202)
        answer.headers["Location"] = f"/v1/receipts/{receipt.id}"
        return answer

    def look(self, path: ReceiptPath) -> Response:
        """The request, waited for when the caller prefers so."""
        user = self._user()
        found = _WAIT.search(request.headers.get("Prefer", ""))
        wait_s = min(int(found[1]), _LONGEST_WAIT_S) if found else 0
        answer = _viewed(self._awaited(user, path.id, wait_s), 200)
        if wait_s:
            answer.headers["Preference-Applied"] = f"wait={wait_s}"
        return answer

    def fetch(self, path: ReceiptPath) -> Response:
        """The bytes of a ready document, by way of their hash."""
        receipt = requests.ready_receipt(self._pool, self._user(), path.id)
        digest = receipt.digest or ""
        answer = _file(self._files.get(digest), "application/pdf", digest)
        answer.headers["Content-Disposition"] = _disposition(f"receipt_{_tail(receipt)}", _name(receipt))
        answer.headers["Content-Language"] = receipt.language.replace("+", ", ")
        return answer

    def join(self, query: JoinedQuery) -> Response:
        """The bytes of several ready documents as one file, in the order asked."""
        receipts = requests.ready_receipts(self._pool, self._user(), query.id)
        documents = [self._files.get(receipt.digest or "") for receipt in receipts]
        if query.format == "zip":
            names = [f"{number:02}_{_name(r)}" for number, r in enumerate(receipts, 1)]
            data, kind = one_zip(list(zip(names, documents, strict=True))), "application/zip"
        else:
            data, kind = one_pdf(documents), "application/pdf"
        answer = _file(data, kind, hashlib.sha256(data).hexdigest())
        title = _name(receipts[0]).partition("_")[0]
        answer.headers["Content-Disposition"] = _disposition(f"receipts.{query.format}", f"{title}.{query.format}")
        return answer

    def verify(self, path: CodePath) -> Response:
        """What may be said of a printed code, as a page or as JSON."""
        if not self._throttle.admits(request.remote_addr or ""):
            raise AskedTooOften(retry_after_s=60)
        as_page = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
        try:
            found = requests.verified(self._pool, path.code)
        except NotFound:
            if as_page:
                return _page(None, "kk" if language() == "kk" else "ru", status=404)
            raise
        if as_page:
            return _page(found, "ru" if found.language == "ru" else "kk")
        answer = Response(verification(found).model_dump_json(exclude_none=True), content_type="application/json")
        return etagged(answer, f"{path.code}.{found.newer_version or found.statement_version}")

    def _user(self) -> str:
        """Who calls; waits for what Read-After names of this user. What it names of accounts the ledger waits for."""
        user = self._verifier.verify(request.headers.get("Authorization")).user

        def reached(kind: str, ident: str) -> int:
            if kind != "user" or ident != user:
                return 1_000_000_000
            with self._pool.connection() as conn:
                return user_head(conn, self._users_topic, user)

        wait_visible(request.environ, reached)
        return user

    def _awaited(self, user: str, ident: UUID, wait_s: int) -> Receipt:
        """Looks again until the end of the work or of the time; only some threads may wait so, the others answer."""
        receipt = requests.receipt(self._pool, user, ident)
        if not wait_s or not self._waiting.acquire(blocking=False):
            return receipt
        try:
            until = time.monotonic() + wait_s
            while receipt.progress in ("queued", "rendering") and time.monotonic() < until:
                time.sleep(0.05)
                receipt = requests.receipt(self._pool, user, ident)
        finally:
            self._waiting.release()
        return receipt


def _page(found: Verified | None, shown: Language, status: int = 200) -> Response:
    """What a browser gets that scanned a printed code: in the language of the document."""
    newer = found is not None and found.newer_to_pay is not None
    page = flask.render_template(
        "verify.html",
        v=verification(found) if found else None,
        amount=print_amount(found.to_pay, found.currency) if found else "",
        month=month(found.period, shown) if found else "",
        made_at=moment(found.ready_at) if found else "",
        newer=print_amount(found.newer_to_pay or 0, found.currency) if found and newer else "",
        counted=moment(from_wire(found.newer_cut_off)) if found and found.newer_cut_off else "",
        language=shown,
        t=lambda key: text(key, shown),
    )
    answer = Response(page, status, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _PAGE_POLICY
    return answer


def _viewed(receipt: Receipt, status: int) -> Response:
    view = receipt_view(receipt, language())
    answer = Response(view.model_dump_json(), status, content_type="application/json")
    if view.state in ("queued", "rendering"):
        answer.headers["Retry-After"] = "1"
    return answer


def _file(data: bytes, mimetype: str, tag: str) -> Response:
    """Bytes with ranges and conditional requests; a shared cache keeps nothing of it."""
    answer = flask.send_file(io.BytesIO(data), mimetype=mimetype, conditional=True, etag=tag)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _name(receipt: Receipt) -> str:
    return file_name(receipt.period, receipt.account, printed_as(receipt.language))


def _tail(receipt: Receipt) -> str:
    return f"{receipt.period}_{receipt.account}.pdf"


def _disposition(plain: str, name: str) -> str:
    """RFC 6266: the name in the document's language, and a plain one for readers of old."""
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
