"""What a customer decided after the backup is unknown: a restored autopay charges only when its customer keeps it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel import outbox
from kernel.db import Session
from kernel.errors import NotFound, Refused
from payments.autopay.barrier import RECALL, halt, lock_autopays, lock_contract
from payments.autopay.models import Autopay, Consent
from payments.events import AutopayActivated, AutopayStopped
from payments.history.noting import note_status

_BATCH = 200


def hold_unconfirmed(session: Session, *, before: datetime, now: datetime) -> int:
    """Hold some of the autopays whose consent is older than `before`; returns how many, 0 when all of them wait.

    Those that rest already, with their contract or by an employee, will not go on without their customer's word either.
    """
    consented = select(Consent.id).where(Consent.id == Autopay.consent_id, Consent.at < before).exists()
    running = (Autopay.status.in_(("active", "paused")), Autopay.unconfirmed_since.is_(None), consented)
    some = select(Autopay.id).where(*running).order_by(Autopay.id).limit(_BATCH)
    autopays = lock_autopays(session, Autopay.id.in_(session.scalars(some).all()), *running)
    halt(session, [it for it in autopays if it.status == "active"], "paused", now=now, source=RECALL)
    for autopay in autopays:
        autopay.unconfirmed_since = before
    outbox.record(session, *(AutopayStopped(autopay.id, "unconfirmed") for autopay in autopays))
    return len(autopays)


def confirm_autopay(session: Session, contract_id: UUID, *, by: UUID, now: datetime) -> bool:
    """The customer keeps the autopay; `by` is the user. Says whether there was a need to.

    Charges from now on are announced afresh. What was asked for earlier stays to be paid by hand. An autopay that rests
    with its contract or by an employee's pause goes on when that is over.

    Raises:
        NotFound: the contract never had an autopay.
        Refused: it is off.
    """
    contract, autopays = lock_contract(session, contract_id)
    if contract is None or not autopays:
        raise NotFound
    (autopay,) = autopays
    if autopay.unconfirmed_since is None:
        if autopay.status in ("active", "paused"):
            return False
        raise Refused("Автоплатёж уже отключён")
    autopay.unconfirmed_since = None
    goes_on = contract.status == "active" and not autopay.is_kept_back
    new = "active" if goes_on else "paused"
    note_status(session, "autopay", autopay.id, old="paused", new=new, source=f"customer:{by}")
    if goes_on:
        autopay.status, autopay.changed_at = new, now
        outbox.record(session, AutopayActivated(autopay.id, "confirmed"))
    return True
