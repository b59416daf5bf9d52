"""Whether our books were compared with the gateway since some instant. Charging goes on after a restore only then.

Nor while the gateway has yet to decide a payment that names us and is unknown here: it may bring money any moment.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, or_, select

from kernel import outbox
from kernel.db import ReadSession, Session
from kernel.errors import Refused
from payments.charging.models import PENDING, WAITING_FOR_CAPTURE, Payment
from payments.installation.models import Shop
from payments.reconciliation.models import DONE, Difference, Reconciliation, SeenPayment

RECONCILE = "reconcile"


def read_soon(session: Session, account_id: str) -> None:
    """Have a worker read the lists of this shop now; nothing where it never took anything."""
    shop_id = session.execute(select(Shop.id).where(Shop.account_id == account_id)).scalar_one_or_none()
    if shop_id:
        outbox.hint(session, outbox.Hint(RECONCILE, (shop_id,)))


def reconciled_since(session: Session | ReadSession, shop_id: UUID, since: datetime) -> bool:
    """Whether a whole reconciliation of this shop was begun after `since` and brought to its end."""
    return bool(
        session.execute(
            select(
                exists().where(
                    Reconciliation.shop_id == shop_id,
                    Reconciliation.status == DONE,
                    Reconciliation.until_at >= since,
                )
            )
        ).scalar_one()
    )


def count_repairable(session: Session | ReadSession, shop_id: UUID) -> int:
    """Open differences that a button repairs: money at the gateway that our books do not have."""
    return session.execute(
        select(func.count()).where(
            Difference.shop_id == shop_id, Difference.resolved_at.is_(None), Difference.repair.is_not(None)
        )
    ).scalar_one()


def count_undecided(session: Session | ReadSession, shop_id: UUID) -> int:
    """Payments of ours that the gateway had not decided when it was read last, and that are unknown here."""
    known = exists().where(or_(Payment.gateway_id == SeenPayment.gateway_id, Payment.id == SeenPayment.payment_id))
    return session.execute(
        select(func.count()).where(
            SeenPayment.shop_id == shop_id,
            SeenPayment.status.in_((PENDING, WAITING_FOR_CAPTURE)),
            SeenPayment.payment_id.is_not(None),
            ~known,
        )
    ).scalar_one()


def require_proof(session: Session | ReadSession, account_id: str, since: datetime) -> None:
    """Let charging go on after what happened at `since` only when nothing that was charged is unknown here.

    Raises:
        Refused: there was no reconciliation since, what it found is not repaired, or the gateway has yet to decide a
            payment that is unknown here.
    """
    shop_id = session.execute(select(Shop.id).where(Shop.account_id == account_id)).scalar_one_or_none()
    if shop_id is None:
        return  # nothing was ever taken by this shop
    if not reconciled_since(session, shop_id, since):
        raise Refused(
            "Сначала сверьте платежи с ЮKassa на странице «Сверка»: после восстановления они могут повториться"
        )
    if count_repairable(session, shop_id):
        raise Refused("Сначала исправьте расхождения на странице «Сверка»: иначе пришедшие деньги спишутся ещё раз")
    if count_undecided(session, shop_id):
        raise Refused(
            "У ЮKassa есть незавершённые платежи, о которых база не знает. Подождите, пока они завершатся (не дольше часа),"
            " и сверьте ещё раз"
        )
