"""The ways in which a customer or a bank stops charges. What has no permit by the stop's commit will never be sent.

Federal Law 376-ФЗ (consumer law, art. 16.1 p. 4.2): a refusal works at once and cannot be refused.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from kernel import outbox
from kernel.clock import this_moment
from kernel.db import ReadSession, Session, read
from kernel.errors import NotFound
from payments.autopay.barrier import RECALL, halt, lock_autopays, lock_contract
from payments.autopay.cards import tokens_of_card
from payments.autopay.consents import Evidence, Wording, record_consent
from payments.autopay.models import STANDING, Autopay, Consent, PaymentMethod
from payments.charging.models import SENDING, UNDER_WAY, Payment
from payments.customers.models import Customer
from payments.events import AutopayStopped, ConsentWithdrawn, MethodUnlinked
from payments.stops.remembering import remember

_WAIT_S = 5.0
_POLL_S = 0.05
_WITHDRAWN = Wording("Отказ от автоматических списаний", version="1")
_UNLINKED = Wording("Отвязка способа оплаты", version="1")
_RECALLED = Wording("Отказ, сделанный после копии, из которой восстановлена база", version="1")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A charge that had left before the stop and may still end either way."""

    payment_id: UUID
    number: int
    kopecks: int
    status: str


def withdraw(session: Session, contract_id: UUID, *, evidence: Evidence, now: datetime, source: str = "stop") -> None:
    """Take the consent of one contract back.

    A consent whose first payment is still on the gateway's page is withdrawn too: it will make no autopay. An autopay
    that ended with its contract stays ended; the refusal is kept beside it. `source` RECALL: it is a stop made again.

    Raises:
        NotFound: nobody ever agreed to automatic charges of this contract.
    """
    _, autopays = lock_contract(session, contract_id)
    now = max(now, this_moment(session))  # after every permit that the locks waited for
    newest = session.scalars(
        select(Consent)
        .where(Consent.contract_id == contract_id, Consent.kind == "recurring")
        .order_by(Consent.id.desc())
        .limit(1)
    ).first()
    if newest is None:
        raise NotFound
    if newest.action == "given":
        wording = _RECALLED if source == RECALL else _WITHDRAWN
        _record_withdrawal(session, newest.customer_id, contract_id, evidence, wording, now)
        outbox.record(session, ConsentWithdrawn(contract_id))
    standing = [autopay for autopay in autopays if autopay.status in STANDING]
    halt(session, standing, "withdrawn", now=now, source=source)
    told = source == RECALL
    outbox.record(session, *(AutopayStopped(autopay.id, "withdrawn", told) for autopay in standing))


def unlink(
    session: Session, method_id: UUID, *, customer_id: UUID, evidence: Evidence, now: datetime, source: str = "stop"
) -> list[UUID]:
    """Take a card away from us for good, with every saved method that is this card for the customer.

    Returns the contracts that lose it, none the second time. `source` RECALL: it is a stop made again.

    Raises:
        NotFound: no such method of this customer.
    """
    # Until this transaction ends no further token of the customer's is saved: see activating.py.
    session.get(Customer, customer_id, with_for_update={"key_share": True})
    autopays = lock_autopays(session, Autopay.method_id.in_(tokens_of_card(method_id)))
    tokens = session.scalars(
        select(PaymentMethod)
        .where(PaymentMethod.id.in_(tokens_of_card(method_id)), PaymentMethod.customer_id == customer_id)
        .order_by(PaymentMethod.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if not tokens:
        raise NotFound
    linked = [token for token in tokens if token.unlinked_at is None]
    if not linked:
        return []
    now = max(now, this_moment(session))  # after every permit that the locks waited for
    for token in linked:
        token.unlinked_at = now
    standing = [autopay for autopay in autopays if autopay.status in STANDING]
    for autopay in standing:
        wording = _RECALLED if source == RECALL else _UNLINKED
        _record_withdrawal(session, autopay.customer_id, autopay.contract_id, evidence, wording, now)
    halt(session, standing, "withdrawn", now=now, source=source)
    told = source == RECALL
    outbox.record(session, *(AutopayStopped(autopay.id, "unlinked", told) for autopay in standing))
    outbox.record(session, MethodUnlinked(linked[0].id, told))
    return [autopay.contract_id for autopay in standing]


def suspend_autopays_of(session: Session, method_id: UUID, *, now: datetime) -> None:
    """The bank says that this method will not work again: its autopays wait for another one.

    One that rests with its contract is among them: it must not come back with a dead method.
    """
    autopays = lock_autopays(session, Autopay.method_id == method_id, Autopay.status.in_(("active", "paused")))
    halt(session, autopays, "suspended", now=now)
    outbox.record(session, *(AutopayStopped(autopay.id, "suspended") for autopay in autopays))


def wait_for_calls(contract_or_method_id: UUID) -> list[UnderWay]:
    """After the stop's commit: remember it, wait up to five seconds for calls that had left, name what is still open.

    A method stands for its card: calls of the card's other saved methods are among them.
    Runs outside any transaction. Nothing else leaves after this returns: the barrier has been up since the commit.
    """
    remember(contract_or_method_id)
    until = time.monotonic() + _WAIT_S
    while True:
        with read() as session:
            found = charges_under_way(session, contract_or_method_id)
        calling = any(item.status == SENDING for item in found)
        if not calling or time.monotonic() > until:
            return found
        time.sleep(_POLL_S)


def charges_under_way(session: ReadSession | Session, contract_or_method_id: UUID) -> list[UnderWay]:
    """The charges of a contract, or of a method's card, that had left and are not decided: no stop calls them back."""
    rows = session.execute(
        select(Payment.id, Payment.number, Payment.kopecks, Payment.status)
        .where(
            or_(
                Payment.contract_id == contract_or_method_id,
                Payment.method_id.in_(tokens_of_card(contract_or_method_id)),
            ),
            Payment.initiator == "schedule",
            Payment.status.in_(UNDER_WAY),
        )
        .order_by(Payment.number)
    ).all()
    return [UnderWay(row.id, row.number, row.kopecks, row.status) for row in rows]


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
