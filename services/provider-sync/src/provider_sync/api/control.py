"""Routes of control: is what the centre has what the sender sent?"""

from typing import Any

from flask import Response
from flask_openapi.models.tag import Tag
from flask_openapi.openapi import OpenAPI

from common import problems
from common.clock import to_wire
from common.money import format_amount, parse_total
from common.period import parse_period
from common.problems import language
from provider_sync import errors
from provider_sync.api import models
from provider_sync.api.door import Door, answers, json
from provider_sync.domain.reconcile import NOTHING, PAYMENTS
from provider_sync.domain.tally import Counted
from provider_sync.handlers import submissions

_MONTHS = Tag(name="months", description="The end of a month: totals stated, theirs beside ours.")


def add(app: OpenAPI, door: Door) -> None:
    """All routes of this file."""

    @app.post("/v1/periods/<string:period>/submissions", **answers(models.Reconciliation, _MONTHS, more=("408", "409")))
    def submit(path: models.PeriodPath, body: models.SubmissionBody) -> Response:
        """Say "that was all for the month": count and sum per service. A difference is refused with the difference.

        409 `submission-differs` lists each difference under `errors`; the statement is kept all the same and shows in
        the reconciliation. Send the missing facts (or corrections) and state the totals again.
        """
        try:
            lines = submissions.submit(door.base, door.key(), parse_period(path.period), _said(body))
        except errors.SubmissionDiffers as differs:
            return _differing(differs, [line.service for line in body.services])
        return json(_reconciliation(path.period, lines))

    @app.get("/v1/periods/<string:period>/reconciliation", **answers(models.Reconciliation, _MONTHS))
    def reconciliation(path: models.PeriodPath) -> Response:
        """Theirs, ours and the difference of a month, per service."""
        lines = submissions.reconciliation(door.base, door.key(), parse_period(path.period))
        return json(_reconciliation(path.period, lines))


def _said(body: models.SubmissionBody) -> dict[str, Counted]:
    said = {line.service: Counted(line.count, parse_total(line.sum)) for line in body.services}
    if len(said) != len(body.services):
        raise errors.BadParameter("/services", name="services", reason="a service stands twice")
    if body.payments is not None:
        said[PAYMENTS] = Counted(body.payments.count, parse_total(body.payments.sum))
    if not said:
        raise errors.BadParameter("/services", name="services", reason="nothing is stated")
    return said


def _differing(differs: errors.SubmissionDiffers, services: list[str]) -> Response:
    text = differs.line_texts[language()]
    lines = [
        {
            "pointer": f"/services/{services.index(line['service'])}" if line["service"] else "/payments",
            "code": differs.code,
        }
        | {"detail": text.format_map(line)}
        | line
        for line in differs.params["lines"]
    ]
    return problems.response(differs, lines)


def _reconciliation(period: str, lines: list[submissions.Line]) -> dict[str, Any]:
    agree = all(line.different == NOTHING for line in lines)
    return {"period": period, "agrees": agree, "lines": [_line(line) for line in lines]}


def _line(line: submissions.Line) -> dict[str, Any]:
    theirs, gap = line.theirs, line.different
    stated = {"agreed": theirs.agrees, "at": to_wire(theirs.at)} if theirs else {}
    return {
        "service": line.ours.service or None,
        "theirs": _total(theirs.counted) | stated if theirs else None,
        "ours": _total(line.ours.standing),
        "held": _total(line.ours.held),
        "waiting": _total(line.ours.waiting),
        "returned": _total(line.ours.returned),
        "different": _total(gap) if gap is not None else None,
        "parts": {kind: _total(counted) for kind, counted in sorted(line.ours.parts.items())},
    }


def _total(counted: Counted) -> dict[str, Any]:
    return {"count": counted.facts, "sum": format_amount(counted.total)}
