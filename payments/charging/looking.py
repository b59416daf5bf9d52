"""Asking about a payment sooner than its turn, because its customer is waiting in front of a page."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, func, text, update

from kernel import outbox
from kernel.db import Session
from payments.charging.checking import CHECK
from payments.charging.models import LOOK, PENDING, UNKNOWN, WAITING_FOR_CAPTURE, GatewayExchange, Payment
from payments.charging.pace import HINT_LIFE

# A page that is reloaded again and again must not become a flood of questions.
_PAUSE = text("interval '10 seconds'")


def look_soon(session: Session, payment_id: UUID) -> bool:
    """Have a worker ask the gateway about this payment now; say whether it will.

    It will not when the payment is decided, when a look is due already, or when one was taken a moment ago.
    """
    asked_lately = exists().where(
        GatewayExchange.payment_id == payment_id,
        GatewayExchange.verb == LOOK,
        GatewayExchange.at > func.business_now() - _PAUSE,
    )
    brought_forward = session.scalars(
        update(Payment)
        .where(
            Payment.id == payment_id,
            Payment.status.in_((UNKNOWN, PENDING, WAITING_FOR_CAPTURE)),
            Payment.next_check_at > func.business_now(),
            ~asked_lately,
        )
        .values(next_check_at=func.business_now(), lease_until=HINT_LIFE)
        .returning(Payment.id)
    ).first()
    if brought_forward:
        outbox.hint(session, outbox.Hint(CHECK, (payment_id,)))
    return brought_forward is not None
