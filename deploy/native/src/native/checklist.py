"""`settlement month`: one list for the operator on the 1st, from what each service says."""

from collections.abc import Iterator
from typing import Any

from common.doctor import Finding
from native.asking import findings, told
from native.checkup import SERVICES
from native.site import Site


def of(site: Site, period: str) -> list[Finding]:
    """The steps in their order; a service that does not answer leaves its steps to be done."""
    standing = told(site, SERVICES["provider_sync"], "provider_sync", "periods", "status", "--json")
    return [*_intake(standing, period), *_receipts(site, period), *_mail(site)]


def _intake(said: Any, period: str) -> Iterator[Finding]:
    if "error" in said:
        yield Finding("intake", "ill", f"provider-sync does not answer: {said['error']}")
        return
    closed = next((month for month in said["closed"] if month["period"] == period), None)
    if closed is None:
        yield from _before_the_close(said, period)
    parked = len(said["parked"])
    yield _nought("parked", parked, f"{parked} accounts stand still in the ledger: `ledger parked list`")
    yield _close(said, period, closed)


def _before_the_close(said: Any, period: str) -> Iterator[Finding]:
    missing = [f"{row['provider']} ({row['service']})" for row in said["submissions"] if row["submission"] != "stated"]
    if said["first_open"] != period:
        yield Finding(
            "submissions", "watch", f"{said['first_open']} closes first; submissions are shown for that month"
        )
    else:
        yield _nought("submissions", len(missing), f"missing or different from ours: {', '.join(missing)}")
    yield _nought("uploads", len(said["uploads"]), f"{len(said['uploads'])} files are under way")
    yield _nought("held", said["held"], f"{said['held']} facts wait for an operator: `held list`")
    waiting = said["unmatched"]
    text = f"{waiting['count']} payments of {waiting['sum']} wait for their account: `unmatched list`"
    yield _nought("unmatched", waiting["count"], text)


def _close(said: Any, period: str, closed: Any) -> Finding:
    if closed is not None:
        return Finding("close", "well", f"closed, cut off at {closed['cut_off']}")
    asked = next((row for row in said["asked"] if row["period"] == period), None)
    if asked is not None:
        return Finding("close", "watch", f"{asked['asked_by']} asked; another operator closes it with the same command")
    return Finding("close", "watch", f"open: `provider-sync periods preview {period}`, then `periods close {period}`")


def _receipts(site: Site, period: str) -> Iterator[Finding]:
    runs = told(site, SERVICES["receipts"], "receipts", "runs", "--json")
    if isinstance(runs, dict):
        yield Finding("receipts", "ill", f"receipts does not answer: {runs['error']}")
        return
    own = [run for run in runs if run["period"] == period]
    if not own:
        yield Finding("receipts", "watch", f"none made for paper yet: `python -m receipts run {period}`")
    for run in own:
        name = f"{run['language']}, {run['audience']}, part {run['part']}"
        done = run["state"] == "done"
        text = f"{name}: {run['total']} made" if done else f"{name}: {run['left']} of {run['total']} left"
        yield Finding("receipts", "well" if done else "watch", text)


def _mail(site: Site) -> Iterator[Finding]:
    said = findings(site, SERVICES["identity"], "identity")
    if isinstance(said, dict):
        yield Finding("mail", "ill", f"identity does not answer: {said['error']}")
        return
    yield from (Finding(**one) for one in said if one["check"].startswith("mail"))


def _nought(check: str, count: int, says: str) -> Finding:
    return Finding(check, "watch", says) if count else Finding(check, "well", "none")
