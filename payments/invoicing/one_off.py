"""An invoice for once, issued by an employee: beside a contract that there is, or for something new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from kernel import log, outbox
from kernel.db import Session
from kernel.errors import NotFound
from payments.contracts.models import Contract, Installment
from payments.contracts.numbering import supplement_number
from payments.contracts.opening import Terms, open_contract
from payments.customers.models import Customer
from payments.events import InvoiceIssued
from payments.history.noting import note_status
from payments.installation.models import Shop
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class OneOff:
    """What is asked for once. `key` names the act: repeated under the same key it is one invoice.

    `base_id` is the contract that it supplements. `told` says that the customer gets the invoice's letter at once.
    """

    key: UUID
    customer_id: UUID
    title: str
    kopecks: int
    due_on: date
    base_id: UUID | None = None
    told: bool = True


def issue_one_off(session: Session, wanted: OneOff, *, shop: Shop, by: UUID, now: datetime) -> Invoice:
    """The open invoice of a new one-off contract; `by` is the employee.

    One that supplements a contract bears that contract's number with one of its own behind it, «2026-0012/1», and is
    billed by the same legal entity. It is never charged by itself: the consent of an autopay names another sum.

    Raises:
        NotFound: no such customer, or the contract or the key is not theirs.
        Refused: a sum under a ruble, or a date that has passed.
    """
    # Two presses of the button at once take turns: the second finds what the first issued.
    known = session.execute(
        select(Customer.id).where(Customer.id == wanted.customer_id).with_for_update(key_share=True)
    ).first()
    if known is None:
        raise NotFound
    issued = _issued_before(session, wanted)
    if issued is not None:
        return issued
    contract = open_contract(session, _terms(session, wanted, shop), now=now)
    line = session.execute(select(Installment.id).where(Installment.contract_id == contract.id)).scalar_one()
    invoice = issue_now(session, line, now=now)
    note_status(session, "invoice", invoice.id, old=None, new="open", source=f"staff:{by}")
    if wanted.told:
        outbox.record(session, InvoiceIssued(invoice.id))
    _log.info("invoice.issued_by_hand", invoice_id=str(invoice.id), user_id=str(by))
    return invoice


def _issued_before(session: Session, wanted: OneOff) -> Invoice | None:
    issued = session.scalars(select(Invoice).where(Invoice.contract_id == wanted.key)).first()
    if issued is not None and issued.customer_id != wanted.customer_id:
        raise NotFound
    return issued


def _terms(session: Session, wanted: OneOff, shop: Shop) -> Terms:
    base = _base(session, wanted)
    # A contract of before bears the shop of its day; what supplements it is made in today's, if that is the same company's.
    keeps = base is not None and base.legal_entity_id != shop.legal_entity_id
    return Terms(
        customer_id=wanted.customer_id,
        legal_entity_id=base.legal_entity_id if base else shop.legal_entity_id,
        shop_id=base.shop_id if base and keeps else shop.id,
        title=wanted.title,
        kopecks=wanted.kopecks,
        first_due_on=wanted.due_on,
        number=supplement_number(session, base) if base else None,
        key=wanted.key,
        base_id=base.id if base else None,
    )


def _base(session: Session, wanted: OneOff) -> Contract | None:
    if wanted.base_id is None:
        return None
    base = session.scalars(
        select(Contract).where(Contract.id == wanted.base_id, Contract.customer_id == wanted.customer_id)
    ).one_or_none()
    if base is None or base.status == "draft":
        raise NotFound
    return session.get_one(Contract, base.base_id) if base.base_id else base
