"""One-time codes by time (RFC 6238): six digits that change every 30 seconds, as every authenticator app shows them."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

# A phone's clock may be off: the code before and the code after count too.
_DRIFT_STEPS = 1


def new_secret() -> str:
    """160 random bits, in the letters that people can type."""
    return pyotp.random_base32()


def setup_address(secret: str, *, account: str, issuer: str) -> str:
    """What the QR code says to the app: `otpauth://totp/…`."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """The time step whose code this is, if it is later than step `after`; `now` is real time."""
    totp = pyotp.TOTP(secret)
    present = totp.timecode(now)
    for step in range(present - _DRIFT_STEPS, present + _DRIFT_STEPS + 1):
        if step > after and hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None
