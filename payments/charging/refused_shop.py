"""When the gateway refuses the shop itself, charging pauses: sending on would only make every charge late in silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from sqlalchemy import select

from kernel import log
from kernel.db import Session
from payments.charging.models import SEND, GatewayExchange, Payment
from payments.gateway.port import CredentialsRefused, GatewayError, GatewayPayment
from payments.installation.pausing import pause_charging

_log = log.get(__name__)
CREDENTIALS_REFUSED = "credentials_refused"
CHARGING_FORBIDDEN = "charging_forbidden"
# One refusal may be about one payment; so many charges in a row with no other answer among them are about the shop.
_IN_A_ROW = 5


def pause_if_refused(session: Session, results: Sequence[GatewayPayment | GatewayError], *, now: datetime) -> None:
    """Pause charging when these answers, already recorded, say that our key is wrong (401) or that we may not charge (403)."""
    errors = [result for result in results if isinstance(result, GatewayError)]
    if any(isinstance(error, CredentialsRefused) for error in errors):
        reason = CREDENTIALS_REFUSED
    elif any(error.http_status == HTTPStatus.FORBIDDEN for error in errors) and _nothing_but_refusals(session):
        reason = CHARGING_FORBIDDEN
    else:
        return
    if pause_charging(session, reason, now=now, by=None):
        _log.error("charging.paused", why=reason)


def _nothing_but_refusals(session: Session) -> bool:
    last = session.scalars(
        select(GatewayExchange.http_status)
        .join(Payment, Payment.id == GatewayExchange.payment_id)
        .where(GatewayExchange.verb == SEND, Payment.initiator == "schedule")
        .order_by(GatewayExchange.id.desc())
        .limit(_IN_A_ROW)
    ).all()
    return list(last) == [HTTPStatus.FORBIDDEN] * _IN_A_ROW
