"""What follows from each reason for which a bank or the gateway declines a saved method.

Reasons: YooKassa API v3, cancellation_details.reason. The calendar is ours: few tries, spaced, never after a hard refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_MINUTES_10 = timedelta(minutes=10)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DeclineRule:
    """`retry_after[n]` is the pause before scheduled attempt n + 2; no pause left means no further attempt.

    `disables` says that this method will not work again: the autopay is suspended and the customer asked for another.
    """

    retry_after: tuple[timedelta, ...] = ()
    disables: bool = False


_NO_MONEY = DeclineRule((_DAY, 3 * _DAY, 7 * _DAY))
_BANK_DOWN = DeclineRule((_HOUR, 6 * _HOUR, _DAY))
_TIMED_OUT = DeclineRule((_MINUTES_10, _HOUR, 6 * _HOUR))
_LIMIT = DeclineRule((_DAY, _DAY))
_ONCE_MORE = DeclineRule((_DAY,))
_VAGUE = DeclineRule((_DAY, 2 * _DAY))
_STOP = DeclineRule()
_DEAD = DeclineRule(disables=True)

RULES: dict[str, DeclineRule] = {
    "insufficient_funds": _NO_MONEY,
    "issuer_unavailable": _BANK_DOWN,
    "internal_timeout": _TIMED_OUT,
    "rejected_by_timeout": _TIMED_OUT,
    "payment_method_limit_exceeded": _LIMIT,
    "general_decline": _VAGUE,
    "call_issuer": _ONCE_MORE,
    "fraud_suspected": _DEAD,
    "payment_method_restricted": _DEAD,
    "card_expired": _DEAD,
    "invalid_card_number": _DEAD,
    "permission_revoked": _DEAD,
    "country_forbidden": _DEAD,
    "invalid_csc": _STOP,
    "3d_secure_failed": _STOP,
    "identification_required": _STOP,
    "expired_on_confirmation": _STOP,
    "expired_on_capture": _STOP,
    "canceled_by_merchant": _STOP,
    "unsupported_mobile_operator": _STOP,
    "deal_expired": _STOP,
    "loan_declined": _STOP,
    "loan_declined_by_payer": _STOP,
    "loan_application_expired": _STOP,
}


def rule_for(reason: str | None) -> DeclineRule:
    """The rule of a reason; a reason that the gateway invented since is treated as a vague refusal."""
    return RULES.get(reason or "", _VAGUE)


def retry_pause(reason: str | None, attempts: int) -> timedelta | None:
    """How long to wait after the `attempts`-th scheduled attempt ended with this reason; None: do not try again."""
    pauses = rule_for(reason).retry_after
    return pauses[attempts - 1] if attempts - 1 < len(pauses) else None
