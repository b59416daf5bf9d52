"""When the gateway refuses the shop itself, charging pauses: sending on would only make every charge late in silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import cast

from sqlalchemy import and_, func, select, text

from kernel import log
from kernel.db import Session
from payments.charging.models import SEND, GatewayExchange, Payment
from payments.gateway.port import CredentialsRefused, GatewayError, GatewayPayment
from payments.history.models import StatusHistory
from payments.installation.pausing import HISTORY_ID, RUNNING, pause_charging

_log = log.get(__name__)
CREDENTIALS_REFUSED = "credentials_refused"
CHARGING_FORBIDDEN = "charging_forbidden"
# A refusal may be about one payment, however often it is sent again; so many payments with no other answer among them
# are refused because of the shop.
_IN_A_ROW = 5
# Where charges are few, five may take a week. One payment is sent again for 20 h at most (permits.KEY_LIFE): refusals
# that go on for longer, with no other answer among them, are of two at least. So a shop with one charge a day learns of
# it with the second, and one payment by itself never stops the others.
_FOR_SO_LONG = timedelta(days=1)
_CHARGES = and_(GatewayExchange.verb == SEND, Payment.initiator == "schedule")
# Whoever resumed has looked: what is still refused is counted anew, so that it does not stop everybody again at once.
_RESUMED_AT = (
    select(func.coalesce(func.max(StatusHistory.at), text("'-infinity'")))
    .where(StatusHistory.object_kind == "installation", StatusHistory.object_id == HISTORY_ID)
    .where(StatusHistory.new == RUNNING)
    .scalar_subquery()
)


def pause_if_refused(session: Session, results: Sequence[GatewayPayment | GatewayError], *, now: datetime) -> None:
    """Pause charging when these answers, already recorded, say that our key is wrong (401) or that we may not charge (403)."""
    errors = [result for result in results if isinstance(result, GatewayError)]
    if any(isinstance(error, CredentialsRefused) for error in errors):
        reason = CREDENTIALS_REFUSED
    elif any(error.http_status == HTTPStatus.FORBIDDEN for error in errors) and _nothing_but_refusals(session, now):
        reason = CHARGING_FORBIDDEN
    else:
        return
    if pause_charging(session, reason, now=now, by=None):
        _log.error("charging.paused", why=reason)


def _nothing_but_refusals(session: Session, now: datetime) -> bool:
    found = session.execute(
        select(func.count(GatewayExchange.payment_id.distinct()), func.min(GatewayExchange.at))
        .join(Payment, Payment.id == GatewayExchange.payment_id)
        .where(_CHARGES, GatewayExchange.http_status == HTTPStatus.FORBIDDEN)
        .where(GatewayExchange.id > _newest_other(session), GatewayExchange.at > _RESUMED_AT)
    ).one()
    since = cast("datetime | None", found[1])
    return found[0] >= _IN_A_ROW or (since is not None and since <= now - _FOR_SO_LONG)


def _newest_other(session: Session) -> int:
    # Asked by itself, backwards by the key: so the few rows after it are found by the key too.
    other = (
        select(GatewayExchange.id)
        .join(Payment, Payment.id == GatewayExchange.payment_id)
        # A call that nobody answered says nothing either way: it has no status.
        .where(_CHARGES, GatewayExchange.http_status != HTTPStatus.FORBIDDEN)
        .order_by(GatewayExchange.id.desc())
        .limit(1)
    )
    return session.execute(other).scalar_one_or_none() or 0
