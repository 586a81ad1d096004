"""The directory: who sends, what is billed at which tariff, where."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from provider_sync.commands.printed import AsJson, Reason, acting, centre, refusing, show, tell
from provider_sync.errors import BadField
from provider_sync.handlers import desk, directory

providers = typer.Typer(help="Utilities, banks and the centre itself.", no_args_is_help=True)
agents = typer.Typer(help="Banks and other payment agents: senders of payments only.", no_args_is_help=True)
services = typer.Typer(help="Services of the directory, in the order of the bill.", no_args_is_help=True)
tariffs = typer.Typer(help="Tariffs: a price or up to three tiers, from a day on.", no_args_is_help=True)
buildings = typer.Typer(help="The register of buildings: accounts open only in these.", no_args_is_help=True)

_Id = Annotated[str, typer.Argument(help="Lower-case letters, digits, hyphens.")]
_Bic = Annotated[str | None, typer.Option(help="The bank of that account.")]
_StreetRu = Annotated[str | None, typer.Option(help="Address in Russian.")]
_StreetKk = Annotated[str | None, typer.Option(help="Address in Kazakh.")]
_NameRu = Annotated[str | None, typer.Option(help="Name in Russian.")]
_NameKk = Annotated[str | None, typer.Option(help="Name in Kazakh.")]
_Bin = Annotated[str | None, typer.Option("--bin", help="Business identification number.")]
_Phone = Annotated[str | None, typer.Option(help="Telephone for residents.")]
_Hours = Annotated[str | None, typer.Option(help="Opening hours as printed.")]
_Iban = Annotated[str | None, typer.Option(help="Account that payments go to.")]
_UnitRu = Annotated[str | None, typer.Option(help="Unit in Russian: м³.")]
_UnitKk = Annotated[str | None, typer.Option(help="Unit in Kazakh.")]
_Order = Annotated[int | None, typer.Option(min=0, max=1000, help="Place on the bill.")]
_Provider = Annotated[str | None, typer.Option(help="Who provides it.")]
_Service = Annotated[str | None, typer.Option(help="The service it is for.")]
_Group = Annotated[str | None, typer.Option(help="The tariff group of accounts it is for.")]
_Price = Annotated[str | None, typer.Option(help="Price of a unit, such as 6512.34.")]
_Tiers = Annotated[str | None, typer.Option(help="Instead of a price: 70*23.12;150*31.40;*39.00 (up to*price).")]
_From = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day it counts.")]
_Decision = Annotated[str | None, typer.Option(help="The decision that sets it, as printed.")]


def _stated(kind: str, ident: str, fields: dict[str, Any], reason: str, as_json: bool, *, known: bool = False) -> None:
    with acting(reason) as (base, by):
        new = (directory.change if known else directory.add)(base, by, kind, ident, fields)
    tell({kind: ident, "changed": new}, as_json, f"{ident} {'is stated' if new else 'stood like that already'}")


@providers.command("add")
@refusing
def add_provider(
    provider: _Id, name_ru: _NameRu = None, name_kk: _NameKk = None, phone: _Phone = None, bin_: _Bin = None,
    iban: _Iban = None, bic: _Bic = None, address_ru: _StreetRu = None, address_kk: _StreetKk = None,
    hours: _Hours = None, reason: Reason = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Register a sender; repeating it changes nothing."""
    _stated("provider", provider, _requisites(locals()), reason, as_json)


@providers.command("change")
@refusing
def change_provider(
    provider: _Id, name_ru: _NameRu = None, name_kk: _NameKk = None, phone: _Phone = None, bin_: _Bin = None,
    iban: _Iban = None, bic: _Bic = None, address_ru: _StreetRu = None, address_kk: _StreetKk = None,
    hours: _Hours = None, reason: Reason = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Change what is printed of a sender; what you leave out stays."""
    _stated("provider", provider, _requisites(locals()), reason, as_json, known=True)


@providers.command("list")
@refusing
def list_providers(as_json: AsJson = False) -> None:
    """All senders with how many keys of theirs live."""
    with centre() as base:
        show(desk.providers(base), as_json)


@agents.command("add")
@refusing
def add_agent(
    agent: _Id, name_ru: _NameRu = None, name_kk: _NameKk = None, phone: _Phone = None, bin_: _Bin = None,
    iban: _Iban = None, bic: _Bic = None, address_ru: _StreetRu = None, address_kk: _StreetKk = None,
    hours: _Hours = None, reason: Reason = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Register a payment agent; repeating it changes nothing."""
    with acting(reason) as (base, by):
        new = directory.add_agent(base, by, agent, _requisites(locals()))
    tell({"agent": agent, "changed": new}, as_json, f"{agent} {'is stated' if new else 'stood like that already'}")


@agents.command("list")
@refusing
def list_agents(as_json: AsJson = False) -> None:
    """All payment agents."""
    with centre() as base:
        show([one for one in desk.providers(base) if one["is"] == "agent"], as_json)


def _requisites(given: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name_ru", "name_kk", "phone", "iban", "bic", "address_ru", "address_kk", "hours")
    return {name: given[name] for name in names} | {"bin": given["bin_"]}


@services.command("add")
@refusing
def add_service(
    service: _Id, provider: _Provider = None, name_ru: _NameRu = None, name_kk: _NameKk = None, unit_ru: _UnitRu = None,
    unit_kk: _UnitKk = None, order: _Order = None, reason: Reason = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """State a service of a provider."""
    _stated("service", service, _service(locals()), reason, as_json)


@services.command("change")
@refusing
def change_service(
    service: _Id, provider: _Provider = None, name_ru: _NameRu = None, name_kk: _NameKk = None, unit_ru: _UnitRu = None,
    unit_kk: _UnitKk = None, order: _Order = None, reason: Reason = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Change a service; what you leave out stays. The order is part of the split rule that the ledger keeps."""
    _stated("service", service, _service(locals()), reason, as_json, known=True)


def _service(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("provider", "name_ru", "name_kk", "unit_ru", "unit_kk", "order")}


@services.command("list")
@refusing
def list_services(as_json: AsJson = False) -> None:
    """The directory's services in the order of the bill."""
    with centre() as base:
        show(desk.services(base), as_json)


@tariffs.command("add")
@refusing
def add_tariff(
    tariff: _Id, service: _Service = None, group: _Group = None, price: _Price = None, tiers: _Tiers = None,
    unit_ru: _UnitRu = None, unit_kk: _UnitKk = None, effective_from: _From = None, decision: _Decision = None,
    reason: Reason = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """State a tariff; a later one is a new entry with its own first day."""
    _stated("tariff", tariff, _tariff(locals()), reason, as_json)


@tariffs.command("change")
@refusing
def change_tariff(
    tariff: _Id, service: _Service = None, group: _Group = None, price: _Price = None, tiers: _Tiers = None,
    unit_ru: _UnitRu = None, unit_kk: _UnitKk = None, effective_from: _From = None, decision: _Decision = None,
    reason: Reason = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Correct a tariff that was stated wrong; charges carry the tariff they used, so no bill changes by it."""
    _stated("tariff", tariff, _tariff(locals()), reason, as_json, known=True)


def _tariff(given: Mapping[str, Any]) -> dict[str, Any]:
    names = ("service", "price", "unit_ru", "unit_kk", "decision")
    more = {"tariff_group": given["group"], "tiers": _tiers(given["tiers"])}
    start = given["effective_from"]
    return (
        {name: given[name] for name in names} | more | {"effective_from": start.date().isoformat() if start else None}
    )


def _tiers(text: str | None) -> list[dict[str, str]] | None:
    """`70*23.12;*39.00` → up to 70 a unit costs 23.12, above it 39.00; raises BadField."""
    if text is None:
        return None
    parts = [part.split("*") for part in text.split(";")]
    if any(len(part) != 2 for part in parts):
        raise BadField(reason="tiers are written like 70*23.12;150*31.40;*39.00")
    return [{"price": price, **({"up_to": up_to} if up_to else {})} for up_to, price in parts]


@buildings.command("add")
@refusing
def add_building(
    building: _Id,
    address_ru: _StreetRu = None,
    address_kk: _StreetKk = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Enter a building into the register."""
    _stated("building", building, {"address_ru": address_ru, "address_kk": address_kk}, reason, as_json)


@buildings.command("change")
@refusing
def change_building(
    building: _Id,
    address_ru: _StreetRu = None,
    address_kk: _StreetKk = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Correct a building's address; what you leave out stays."""
    _stated("building", building, {"address_ru": address_ru, "address_kk": address_kk}, reason, as_json, known=True)


def _add_reading(group: typer.Typer, kind: str, *, listing: bool) -> None:
    """`show`, and `list` where the kind has no list of its own."""

    @group.command("show")
    @refusing
    def show_one(ident: Annotated[str, typer.Argument(metavar=kind, help="Its id.")], as_json: AsJson = False) -> None:
        """One entry as it is published."""
        with centre() as base:
            found = directory.show(base, kind, ident)
        tell(found, as_json, "\n".join(f"{name:16} {value}" for name, value in found.items()))

    if listing:

        @group.command("list")
        @refusing
        def list_all(as_json: AsJson = False) -> None:
            """All entries."""
            with centre() as base:
                found = directory.entries(base, kind)
            names = {name: None for body in found for name in body}
            show([{name: body.get(name) for name in names} for body in found], as_json)


for _group, _kind, _listing in (
    (providers, "provider", False),
    (agents, "provider", False),
    (services, "service", False),
    (tariffs, "tariff", True),
    (buildings, "building", True),
):
    _add_reading(_group, _kind, listing=_listing)
