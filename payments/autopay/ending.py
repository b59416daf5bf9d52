"""A contract is suspended, resumed or ended together with its autopay: nobody can do the one and forget the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from kernel import outbox
from kernel.db import Session
from kernel.errors import NotFound, Refused
from payments.autopay.barrier import RECALL, halt, lock_contract
from payments.autopay.models import STANDING, Autopay
from payments.contracts.models import Contract, Installment
from payments.events import AutopayStopped, ContractStatusChanged
from payments.history.noting import note_status


def end_contract(session: Session, contract_id: UUID, *, now: datetime, source: str) -> None:
    """End a contract for good: nothing more is charged or falls due. Open invoices stay: they are a debt.

    Ending it again changes nothing.

    Raises:
        NotFound: no such contract.
    """
    contract, autopays = _lock(session, contract_id)
    if contract.status == "ended":
        return
    _stop(session, [autopay for autopay in autopays if autopay.status in STANDING], "ended", now, source)
    session.execute(
        update(Installment)
        .where(Installment.contract_id == contract_id, Installment.status == "planned")
        .values(status="void")
    )
    contract.ended_at = now
    _move(session, contract, "ended", source)


def suspend_contract(session: Session, contract_id: UUID, *, now: datetime, source: str) -> None:
    """Stop an active contract until it is resumed: no line is issued and nothing is charged meanwhile.

    Raises:
        NotFound: no such contract.
        Refused: it is a draft or has ended.
    """
    contract, autopays = _lock(session, contract_id)
    if contract.status == "suspended":
        return
    if contract.status != "active":
        raise Refused("Приостановить можно только действующий договор")
    _stop(session, [autopay for autopay in autopays if autopay.status == "active"], "paused", now, source)
    _move(session, contract, "suspended", source)


def resume_contract(session: Session, contract_id: UUID, *, now: datetime, source: str) -> None:
    """Let a suspended contract go on. Lines from now on are announced and charged as before the suspension.

    What was asked for earlier stays to be paid by hand. Consent taken back meanwhile stays taken back, and an autopay
    that an employee holds, or that waits for its customer's word, stays paused.

    Raises:
        NotFound: no such contract.
        Refused: it is not suspended.
    """
    contract, autopays = _lock(session, contract_id)
    if contract.status == "active":
        return
    if contract.status != "suspended":
        raise Refused("Возобновить можно только приостановленный договор")
    for autopay in autopays:
        if autopay.status == "paused" and not autopay.is_kept_back:
            note_status(session, "autopay", autopay.id, old="paused", new="active", source=source)
            autopay.status, autopay.changed_at = "active", now
    _move(session, contract, "active", source)


def _lock(session: Session, contract_id: UUID) -> tuple[Contract, Sequence[Autopay]]:
    contract, autopays = lock_contract(session, contract_id)
    if contract is None:
        raise NotFound
    return contract, autopays


def _stop(session: Session, autopays: Sequence[Autopay], status: str, now: datetime, source: str) -> None:
    told = source == RECALL
    halt(session, autopays, status, now=now, source=RECALL if told else "stop")
    outbox.record(session, *(AutopayStopped(autopay.id, status, told) for autopay in autopays))


def _move(session: Session, contract: Contract, status: str, source: str) -> None:
    note_status(session, "contract", contract.id, old=contract.status, new=status, source=source)
    contract.status = status
    outbox.record(session, ContractStatusChanged(contract.id, status))
