"""What a utility sends for a month: readings, charges, and what it corrects of earlier ones."""

from decimal import Decimal

from demo.city import corrections
from demo.city.catalogue import SERVICE, Sender
from demo.city.counting import Counted, count, is_estimated, replacement
from demo.city.facts import LAST_DAY, Register
from demo.city.ledgerbook import Posted
from demo.city.model import Flat
from demo.city.pricing import charges


def month_of(utility: Sender, flats: list[Flat], month: str, posted: Posted) -> Register:
    """One file of one utility. `posted` remembers the charges, so that later files can name them."""
    register = Register(utility.id, utility.letter, month)
    for flat in flats:
        for service in flat.services:
            if SERVICE[service].provider == utility.id:
                _serve(register, flat, service, posted)
    return register


def _serve(register: Register, flat: Flat, service: str, posted: Posted) -> None:
    _read(register, flat, service)
    factor = 2 if corrections.posts_wrong(flat, service, register.month) else 1
    for line in charges(flat, SERVICE[service], register.month):
        amounts = {"volume": factor * line["volume"], "amount": factor * line["amount"]}
        posted.remember(register.add("charge.posted", flat.account, **{**line, **amounts}))
    corrections.write(register, flat, service, posted)


def _read(register: Register, flat: Flat, service: str) -> None:
    if flat.meter(service) is None:
        return
    parts = count(flat, SERVICE[service], register.month)
    if len(parts) > 1:
        _replace(register, flat, service, parts)
    last = parts[-1]
    if last.current is not None:
        _reading(register, flat, last, f"{register.month}-{int(LAST_DAY[register.month]) - 6}", service)


def _replace(register: Register, flat: Flat, service: str, parts: list[Counted]) -> None:
    new = replacement(flat, service)
    if new is None:
        raise ValueError(f"two parts of {service} and no new meter")
    _reading(register, flat, parts[0], parts[0].end, service)
    register.add("meter.removed", flat.account, meter=parts[0].meter, effective_from=parts[1].start)
    register.add(
        "meter.installed", flat.account, meter=new.number, service=service, digits=new.digits, coefficient="1",
        verified_until=new.verified_until, effective_from=parts[1].start,
    )  # fmt: skip


def _reading(register: Register, flat: Flat, part: Counted, day: str, service: str) -> None:
    source = "by-resident" if "reads-itself" in flat.traits else "measured"
    if is_estimated(flat, service, register.month):
        source = "estimated"
    value = part.current if part.current is not None else Decimal(0)
    register.add("meter.read", flat.account, meter=part.meter, value=value, taken_on=day, source=source)
