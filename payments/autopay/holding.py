"""An employee pauses one contract's autopay, and lets it go on: the contract itself runs, and is paid by hand meanwhile."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kernel import outbox
from kernel.db import Session
from kernel.errors import NotFound, Refused
from payments.autopay.barrier import RECALL, halt, lock_autopays, lock_contract
from payments.autopay.models import Autopay
from payments.events import AutopayActivated, AutopayStopped
from payments.history.noting import note_status


def pause_autopay(session: Session, contract_id: UUID, *, by: UUID | None, now: datetime) -> bool:
    """Charge nothing of this contract until `resume_autopay`. Says whether there was a need to.

    `by` is the employee; None: it is an employee's pause of before a restore, made again.

    The consent stays. After the commit `wait_for_calls` names the charges that had left.

    Raises:
        NotFound: the contract never had an autopay.
        Refused: its autopay is off for another reason.
    """
    autopays = lock_autopays(session, Autopay.contract_id == contract_id)
    if not autopays:
        raise NotFound
    (autopay,) = autopays
    if autopay.held_at is not None:
        return False
    if autopay.status not in ("active", "paused"):
        raise Refused("Автоплатёж уже не работает, приостанавливать нечего")
    autopay.held_at = now
    if autopay.status == "active":
        halt(session, autopays, "paused", now=now, source=f"staff:{by}" if by else RECALL)
        outbox.record(session, AutopayStopped(autopay.id, "held", told=by is None))
    return True


def resume_autopay(session: Session, contract_id: UUID, *, by: UUID, now: datetime) -> bool:
    """End an employee's pause; `by` is the employee. Says whether there was a need to.

    Charges from now on are announced afresh. What was asked for earlier stays to be paid by hand. The autopay of a
    suspended contract goes on with its contract, and one that waits for its customer's word goes on waiting.

    Raises:
        NotFound: the contract never had an autopay.
        Refused: its autopay is off for another reason.
    """
    contract, autopays = lock_contract(session, contract_id)
    if contract is None or not autopays:
        raise NotFound
    (autopay,) = autopays
    if autopay.held_at is None:
        if autopay.status == "active":
            return False
        raise Refused("Автоплатёж остановлен не паузой сотрудника, возобновить его нельзя")
    autopay.held_at = None
    if contract.status == "active" and not autopay.is_kept_back:
        note_status(session, "autopay", autopay.id, old="paused", new="active", source=f"staff:{by}")
        autopay.status, autopay.changed_at = "active", now
        outbox.record(session, AutopayActivated(autopay.id, "resumed"))
    return True
