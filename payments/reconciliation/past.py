"""A database from the past: the gateway has payments of ours that this one, in the state it is in now, never sent.

Ours are committed before they leave. So such a payment was sent by this database in a later state: it was put back, by
whatever means, and did not notice. What the payment came to does not matter: a refusal proves as much as money.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select

from kernel.clock import business_now
from kernel.db import Session
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.installation.models import Installation
from payments.installation.pausing import pause_until_reconciled
from payments.reconciliation.models import SeenPayment

REASON = (
    "У ЮKassa есть платежи по нашим договорам, которых база не знает: похоже, её восстановили из копии. Исправьте "
    "расхождения на странице «Сверка», сверьте ещё раз и возобновите списания"
)


def sent_from_here() -> ColumnElement[bool]:
    """The condition that the payment which a `SeenPayment` names left from this database, as far as this one remembers.

    What was taken over from the gateway since did not.
    """
    return exists().where(Payment.id == SeenPayment.payment_id, Payment.sends > 0)


def read_unsent(session: Session, shop_id: UUID, since: datetime) -> set[str]:
    """Gateway ids of what the view has since then for contracts of ours that was neither sent from here nor taken over."""
    return set(
        session.scalars(
            select(SeenPayment.gateway_id)
            .join(Contract, Contract.id == SeenPayment.contract_id)
            .where(
                SeenPayment.shop_id == shop_id,
                SeenPayment.created_at >= since,
                SeenPayment.payment_id.is_not(None),
                SeenPayment.invoice_id.is_not(None),
                ~sent_from_here(),
                ~exists().where(Payment.gateway_id == SeenPayment.gateway_id),
            )
        )
    )


def pause_in_a_past(session: Session) -> None:
    """Pause charging until it is reconciled; a pause that is there for such a reason stays as it is."""
    # Whoever resumes at this moment is waited for.
    it = session.get_one(Installation, 1, with_for_update=True, populate_existing=True)
    if it.unproven_since is None:
        pause_until_reconciled(session, REASON, now=business_now(session), late=True)
