"""The barrier that every way to stop puts up: the locks that a permit cannot pass, and what a stop undoes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from kernel.db import Session
from payments.autopay.models import Autopay
from payments.charging.models import CREATED, REJECTED, Payment
from payments.contracts.models import Contract, Installment
from payments.history.noting import note_statuses

# The source of a stop that was made before, and is made again in a database that was restored from an older backup.
RECALL = "recall"


def lock_autopays(session: Session, *conditions: object) -> list[Autopay]:
    """Lock these autopays: each permit either has committed by now, or will see what this transaction does."""
    return list(
        session.scalars(
            select(Autopay)
            .where(*conditions)  # type: ignore[arg-type]  # column expressions
            .order_by(Autopay.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        ).all()
    )


def lock_contract(session: Session, contract_id: UUID) -> tuple[Contract | None, list[Autopay]]:
    """Lock a contract with its autopay, and the lines that may still be charged or bring a next one.

    Whoever is paying or issuing such a line finishes first. So does a first payment that is just now making the
    autopay: it shares the contract's lock, and the autopay is read again once that is held.
    """
    mine = Autopay.contract_id == contract_id
    lock_autopays(session, mine)
    session.execute(
        select(Installment.id)
        .where(Installment.contract_id == contract_id, Installment.status.in_(("planned", "invoiced")))
        .order_by(Installment.id)
        .with_for_update(key_share=True)
    ).all()
    contract = session.get(Contract, contract_id, with_for_update={"key_share": True}, populate_existing=True)
    return contract, lock_autopays(session, mine)


def halt(session: Session, autopays: Sequence[Autopay], status: str, *, now: datetime, source: str = "stop") -> None:
    """Give these locked autopays their new status; what was about to be sent never will be."""
    note_statuses(session, [("autopay", a.id, a.status, status) for a in autopays], source=source)
    for autopay in autopays:
        autopay.status, autopay.changed_at = status, now
        if status != "paused":
            autopay.held_at = autopay.unconfirmed_since = None
    ids = [autopay.id for autopay in autopays]
    dropped = session.scalars(
        update(Payment)
        .where(Payment.autopay_id.in_(ids), Payment.status == CREATED)
        .values(status=REJECTED, reason="withdrawn", decided_at=now)
        .returning(Payment.id)
    ).all()
    note_statuses(session, [("payment", key, CREATED, REJECTED) for key in dropped], source="stop")
    disarm_lines(session, [autopay.contract_id for autopay in autopays])


def disarm_lines(session: Session, contract_ids: Sequence[UUID]) -> Sequence[UUID]:
    """What these contracts have asked for so far stays to be paid by hand; the lines that would have been charged.

    Their autopays are locked by the caller.
    """
    if not contract_ids:
        return []
    return session.scalars(
        update(Installment)
        .where(
            Installment.contract_id.in_(contract_ids),
            Installment.status == "invoiced",
            Installment.charge_at.is_not(None),
        )
        .values(charge_at=None)
        .returning(Installment.id)
    ).all()
