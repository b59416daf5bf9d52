"""Whether our books were compared with the gateway since some instant. Charging goes on after a restore only then."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select

from kernel.db import ReadSession, Session
from kernel.errors import Refused
from payments.installation.models import Shop
from payments.reconciliation.models import DONE, Difference, Reconciliation


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


def require_proof(session: Session | ReadSession, account_id: str, since: datetime) -> None:
    """Let charging go on after what happened at `since` only when nothing that was charged is unknown here.

    Raises:
        Refused: there was no reconciliation since, or what it found is not repaired.
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
