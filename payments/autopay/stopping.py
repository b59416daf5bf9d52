"""Every way to stop. Each locks the autopay row first: what a permit has not passed by then will never be sent.

Federal Law 376-ФЗ (consumer law, art. 16.1 p. 4.2): a refusal works at once and cannot be refused.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update

from kernel import outbox
from kernel.db import ReadSession, Session, read
from kernel.errors import NotFound
from payments.autopay.consents import Evidence, Wording, record_consent
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.charging.models import CREATED, PENDING, REJECTED, SENDING, UNKNOWN, Payment
from payments.contracts.models import Installment
from payments.events import AutopayStopped, MethodUnlinked
from payments.history.noting import note_statuses

_WAIT_S = 5.0
_POLL_S = 0.05
_WITHDRAWN = Wording("Отказ от автоматических списаний", version="1")
_UNLINKED = Wording("Отвязка способа оплаты", version="1")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A charge that had left before the stop and may still end either way."""

    payment_id: UUID
    number: int
    kopecks: int
    status: str


def withdraw(session: Session, contract_id: UUID, *, evidence: Evidence, now: datetime) -> None:
    """Take the consent of one contract back.

    A consent whose first payment is still on the gateway's page is withdrawn too: it will make no autopay.

    Raises:
        NotFound: nobody ever agreed to automatic charges of this contract.
    """
    autopays = _lock(session, Autopay.contract_id == contract_id)
    newest = session.scalars(
        select(Consent)
        .where(Consent.contract_id == contract_id, Consent.kind == "recurring")
        .order_by(Consent.id.desc())
        .limit(1)
    ).first()
    if newest is None:
        raise NotFound
    if newest.action == "given":
        _record_withdrawal(session, newest.customer_id, contract_id, evidence, _WITHDRAWN, now)
    running = [autopay for autopay in autopays if autopay.status != "withdrawn"]
    _halt(session, running, "withdrawn", now)
    outbox.record(session, *(AutopayStopped(autopay.id, "withdrawn") for autopay in running))


def unlink(session: Session, method_id: UUID, *, customer_id: UUID, evidence: Evidence, now: datetime) -> list[UUID]:
    """Take a saved method away from us for good; return the contracts that lose it.

    Raises:
        NotFound: no such method of this customer.
    """
    autopays = _lock(session, Autopay.method_id == method_id)
    method = session.scalars(
        select(PaymentMethod)
        .where(PaymentMethod.id == method_id, PaymentMethod.customer_id == customer_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if method is None:
        raise NotFound
    if method.unlinked_at is None:
        method.unlinked_at = now
        running = [autopay for autopay in autopays if autopay.status != "withdrawn"]
        for autopay in running:
            _record_withdrawal(session, autopay.customer_id, autopay.contract_id, evidence, _UNLINKED, now)
        _halt(session, running, "withdrawn", now)
        outbox.record(session, *(AutopayStopped(autopay.id, "unlinked") for autopay in running))
        outbox.record(session, MethodUnlinked(method_id))
    return [autopay.contract_id for autopay in autopays]


def suspend_autopays_of(session: Session, method_id: UUID, *, now: datetime) -> None:
    """The bank says that this method will not work again: its autopays wait for another one."""
    autopays = _lock(session, Autopay.method_id == method_id, Autopay.status == "active")
    _halt(session, autopays, "suspended", now)
    outbox.record(session, *(AutopayStopped(autopay.id, "suspended") for autopay in autopays))


def end_autopay(session: Session, contract_id: UUID, *, now: datetime) -> None:
    """The contract ends or is suspended: its autopay ends in the same transaction."""
    autopays = [a for a in _lock(session, Autopay.contract_id == contract_id) if a.status != "withdrawn"]
    _halt(session, autopays, "ended", now)
    outbox.record(session, *(AutopayStopped(autopay.id, "ended") for autopay in autopays))


def wait_for_calls(contract_or_method_id: UUID) -> list[UnderWay]:
    """After the stop's commit: wait up to five seconds for calls that had left, then name what is still open.

    Runs outside any transaction. Nothing else leaves after this returns: the barrier has been up since the commit.
    """
    until = time.monotonic() + _WAIT_S
    while True:
        with read() as session:
            found = _open_charges(session, contract_or_method_id)
        calling = any(item.status == SENDING for item in found)
        if not calling or time.monotonic() > until:
            return found
        time.sleep(_POLL_S)


def _lock(session: Session, *conditions: object) -> list[Autopay]:
    return list(
        session.scalars(
            select(Autopay)
            .where(*conditions)  # type: ignore[arg-type]  # column expressions
            .order_by(Autopay.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        ).all()
    )


def _record_withdrawal(
    session: Session, customer_id: UUID, contract_id: UUID, evidence: Evidence, wording: Wording, now: datetime
) -> None:
    record_consent(
        session,
        customer_id=customer_id,
        contract_id=contract_id,
        kind="recurring",
        action="withdrawn",
        wording=wording,
        evidence=evidence,
        now=now,
    )


def _halt(session: Session, autopays: Sequence[Autopay], status: str, now: datetime) -> None:
    note_statuses(session, [("autopay", a.id, a.status, status) for a in autopays], source="stop")
    for autopay in autopays:
        autopay.status, autopay.changed_at = status, now
    ids = [autopay.id for autopay in autopays]
    dropped = session.scalars(
        update(Payment)
        .where(Payment.autopay_id.in_(ids), Payment.status == CREATED)
        .values(status=REJECTED, reason="withdrawn", decided_at=now)
        .returning(Payment.id)
    ).all()
    note_statuses(session, [("payment", key, CREATED, REJECTED) for key in dropped], source="stop")
    contracts = [autopay.contract_id for autopay in autopays]
    session.execute(
        update(Installment)
        .where(Installment.contract_id.in_(contracts), Installment.status == "invoiced")
        .values(charge_at=None)
    )


def _open_charges(session: ReadSession, owner_id: UUID) -> list[UnderWay]:
    rows = session.execute(
        select(Payment.id, Payment.number, Payment.kopecks, Payment.status)
        .where(
            or_(Payment.contract_id == owner_id, Payment.method_id == owner_id),
            Payment.initiator == "schedule",
            Payment.status.in_((SENDING, UNKNOWN, PENDING)),
        )
        .order_by(Payment.number)
    ).all()
    return [UnderWay(row.id, row.number, row.kopecks, row.status) for row in rows]
