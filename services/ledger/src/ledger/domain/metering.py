"""What a meter counted between two readings."""

from decimal import Decimal, InvalidOperation

from ledger.domain.base import Device
from ledger.events.said import Reading


def usage(device: Device, previous: Reading, current: Reading) -> str | None:
    """(current − previous) × coefficient as a decimal text; None where a text is no number or the meter ran backwards.

    A meter with known digits that shows less than before has rolled over.
    """
    try:
        counted = Decimal(current.value) - Decimal(previous.value)
        factor = Decimal(device.coefficient or "1")
    except InvalidOperation:
        return None
    if counted < 0 and device.digits:
        counted += Decimal(10) ** device.digits
    return None if counted < 0 else f"{(counted * factor).normalize():f}"
