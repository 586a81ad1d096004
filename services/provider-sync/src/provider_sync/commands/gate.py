"""The gate's rules: looked at, and tried on what is stored; and what the gate knows, made anew."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from common.period import BadPeriod, Period, parse_period
from provider_sync.commands.printed import AsJson, Reason, acting, centre, progress, refusing, show, tell
from provider_sync.errors import PeriodInvalid
from provider_sync.gateways import rules_from
from provider_sync.handlers import rehearse, relearn
from provider_sync.handlers.rehearse import Tried

gate = typer.Typer(help="The rules by which facts are held for an operator.", no_args_is_help=True)


@gate.command("rules")
@refusing
def rules(as_json: AsJson = False) -> None:
    """The rules in force: those of GATE_RULES, or those that come with the service."""
    with centre() as base:
        found = base.gate
    parts: dict[str, Any] = {"batch": found.batch, "residents": found.residents, "charges": found.charges}
    parts |= {f"services.{name}": one for name, one in found.services.items()}
    rows = [
        {"section": section, "setting": name, "value": getattr(part, name)}
        for section, part in parts.items()
        for name in part.__struct_fields__
    ]
    show(rows, as_json)


@gate.command("try")
@refusing
def try_rules(
    file: Annotated[Path, typer.Argument(help="A file of rules (TOML), like provider_sync/gate.toml.")],
    month: Annotated[str, typer.Option(help="Count only charges of this month, for example 2026-10.")] = "",
    as_json: AsJson = False,
) -> None:
    """What rules would have held of all that is stored, if they had been in force; changes nothing."""
    wanted, only = rules_from(file), _month(month) if month else None
    with centre() as base:
        tried = rehearse.rehearse(base, wanted, only)
    if as_json:
        tell(_fields(tried), True, "")
        return
    show(_counts(tried), False)
    for code, count in tried.rules.most_common():
        typer.echo(f"{count:8} {code}")
    if tried.batches:
        typer.echo("\nbatches that would have been one decision")
        show([_batch(*batch) for batch in tried.batches[: rehearse.EXAMPLES]], False)
    if tried.examples:
        typer.echo("\nthe first of them")
        show(_examples(tried), False)


@gate.command("relearn")
@refusing
def relearn_history(reason: Reason = "", as_json: AsJson = False) -> None:
    """Make what the gate knows of charges and homes anew from the events, beside intake; interrupted, run it again."""
    with acting(reason) as (base, by), progress() as step:
        done = relearn.relearn(base, by, step)
    tell({"accounts": done}, as_json, f"the gate knows {done} accounts anew")


def _fields(tried: Tried) -> dict[str, Any]:
    return {
        "facts": _counts(tried),
        "rules": dict(tried.rules),
        "batches": [_batch(*batch) for batch in tried.batches],
        "examples": _examples(tried),
    }


def _counts(tried: Tried) -> list[dict[str, Any]]:
    return [
        {
            "provider": provider, "month": period, "judged": count, "held": tried.held[provider, period],
            "share": f"{100 * tried.held[provider, period] / count:.2f} %",
        }
        for (provider, period), count in sorted(tried.judged.items())
    ]  # fmt: skip


def _batch(provider: str, why: str, rows: int) -> dict[str, Any]:
    return {"provider": provider, "rows": rows, "why": why}


def _examples(tried: Tried) -> list[dict[str, Any]]:
    return [asdict(one) | {"why": one.why.text("en"), "code": one.why.code} for one in tried.examples]


def _month(text: str) -> Period:
    try:
        return parse_period(text)
    except BadPeriod as error:
        raise PeriodInvalid from error
