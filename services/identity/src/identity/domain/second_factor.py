"""Codes of an authenticator app (RFC 6238): six digits that change every thirty seconds, each good once."""

import hmac
from datetime import datetime

import pyotp

STEP_S = 30
ISSUER = "Settlement centre"
_DRIFT = (0, -1, 1)


def new_secret() -> str:
    """A fresh secret in base32, as apps take it: 160 bits."""
    return pyotp.random_base32(32)


def uri(secret: str, user_name: str) -> str:
    """`otpauth://totp/…`: what the QR code of the set-up says."""
    return pyotp.TOTP(secret).provisioning_uri(name=user_name, issuer_name=ISSUER)


def step_of(secret: str, typed: str, last_step: int, now: datetime) -> int | None:
    """The time step whose code was typed; None when it is wrong, or not newer than the last one taken (a replay).

    Clocks of telephones may be one step off.
    """
    digits = "".join(typed.split())
    present, found = int(now.timestamp()) // STEP_S, None
    totp = pyotp.TOTP(secret)
    for step in (present + drift for drift in _DRIFT):
        same = hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode(errors="replace"))
        if same and step > last_step and found is None:
            found = step
    return found
