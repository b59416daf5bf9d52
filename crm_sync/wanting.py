"""Saying that objects have to be brought to the CRM. A further change before that only raises the job's version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from crm_sync.models import CrmLink, SyncJob, TimelineEntry
from crm_sync.port import COMPANY, CONTACT, DEAL, INVOICE, PAYMENT, RANKS, REQUISITE
from kernel.db import Session
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.customers.models import PERSON, Customer
from payments.invoicing.models import Invoice

_person_or_company = case((Customer.kind == PERSON, CONTACT), else_=COMPANY)


def want_customers(session: Session, ids: Sequence[UUID]) -> None:
    """These customers have to stand in the CRM as they are now, with their tax numbers."""
    _want(session, select(_person_or_company, Customer.id, Customer.id).where(Customer.id.in_(ids)))
    stands = exists().where(CrmLink.kind == REQUISITE, CrmLink.local_id == Customer.id)
    numbered = select(literal(REQUISITE), Customer.id, Customer.id).where(
        Customer.id.in_(ids), or_(Customer.inn.is_not(None), stands)
    )
    _want(session, numbered)


def want_contracts(session: Session, ids: Sequence[UUID]) -> None:
    """These contracts have to stand in the CRM as deals, and before them those who made them."""
    _want_missing_customers(session, Contract, ids)
    _want(session, _of(DEAL, Contract, ids))


def want_invoices(session: Session, ids: Sequence[UUID]) -> None:
    """These invoices have to stand in the CRM, and their deals with the debt as it is now."""
    want_contracts(session, _contracts_of(session, Invoice, ids))
    _want(session, _of(INVOICE, Invoice, ids))


def want_payments(session: Session, ids: Sequence[UUID]) -> None:
    """These payments have to stand in the CRM, and whatever they changed."""
    paid = session.scalars(select(Payment.invoice_id).where(Payment.id.in_(ids)).distinct()).all()
    want_invoices(session, paid)
    _want(session, _of(PAYMENT, Payment, ids))


def want_children(session: Session, kind: str, ids: Sequence[UUID]) -> None:
    """What stands in the CRM already and hangs on these objects of one kind has to hang on their new ids there."""
    link = select(CrmLink.kind, CrmLink.local_id, CrmLink.customer_id)
    if kind in (CONTACT, COMPANY):
        own = (REQUISITE, DEAL, INVOICE, PAYMENT)
        _want(session, link.where(CrmLink.customer_id.in_(ids), CrmLink.kind.in_(own)))
    elif kind == DEAL:
        invoices, payments = Invoice.contract_id.in_(ids), Payment.contract_id.in_(ids)
        _want(session, link.join(Invoice, Invoice.id == CrmLink.local_id).where(CrmLink.kind == INVOICE, invoices))
        _want(session, link.join(Payment, Payment.id == CrmLink.local_id).where(CrmLink.kind == PAYMENT, payments))
    elif kind == INVOICE:
        of_invoice = Payment.invoice_id.in_(ids)
        _want(session, link.join(Payment, Payment.id == CrmLink.local_id).where(CrmLink.kind == PAYMENT, of_invoice))


def want_entry(session: Session, entry: dict[str, object]) -> None:
    """A line for a deal's timeline, once for each `key`; the deal and those it hangs on come before it."""
    written = session.execute(
        insert(TimelineEntry)
        .values(entry)
        .on_conflict_do_nothing()
        .returning(TimelineEntry.id, TimelineEntry.kind, TimelineEntry.customer_id)
    ).first()
    if written is not None:
        _want(session, select(literal(written.kind), literal(written.id), literal(written.customer_id)))


def want_everything(session: Session) -> int:
    """All customers, contracts, invoices and payments have to stand in the CRM; the number of jobs that wait now."""
    for owner, want in (
        (Customer, want_customers),
        (Contract, want_contracts),
        (Invoice, want_invoices),
        (Payment, want_payments),
    ):
        for ids in _in_parts(session, owner.id):
            want(session, ids)
    return session.execute(select(func.count()).select_from(SyncJob)).scalar_one()


def _in_parts(session: Session, key: InstrumentedAttribute[UUID], size: int = 5000) -> Iterable[Sequence[UUID]]:
    last: UUID | None = None
    while ids := session.scalars(select(key).where(*([key > last] if last else [])).order_by(key).limit(size)).all():
        yield ids
        last = ids[-1]


def _of(kind: str, owner: type[Contract | Invoice | Payment], ids: Sequence[UUID]) -> Select[str, UUID, UUID]:
    return select(literal(kind), owner.id, owner.customer_id).where(owner.id.in_(ids))


def _contracts_of(session: Session, owner: type[Invoice], ids: Sequence[UUID]) -> Sequence[UUID]:
    return session.scalars(select(owner.contract_id).where(owner.id.in_(ids)).distinct()).all()


def _want_missing_customers(session: Session, owner: type[Contract], ids: Sequence[UUID]) -> None:
    # An object is always wanted after those it hangs on; most of them stand in the CRM already.
    known = _stands(CrmLink) | _stands(SyncJob)
    missing = session.scalars(
        select(Customer.id).join(owner, owner.customer_id == Customer.id).where(owner.id.in_(ids), ~known).distinct()
    ).all()
    if missing:
        want_customers(session, missing)


def _stands(table: type[CrmLink | SyncJob]) -> ColumnElement[bool]:
    return exists().where(table.local_id == Customer.id, table.kind.in_((CONTACT, COMPANY)))


def _want(session: Session, objects: Select[str, UUID, UUID]) -> None:
    rows = [
        {"kind": kind, "local_id": local_id, "customer_id": customer_id, "rank": RANKS[kind]}
        for kind, local_id, customer_id in session.execute(objects)
    ]
    if not rows:
        return
    # In one order everywhere, so that two events about the same objects never wait for each other.
    rows.sort(key=lambda row: (row["kind"], row["local_id"]))
    again = insert(SyncJob).values(rows)
    session.execute(
        again.on_conflict_do_update(
            index_elements=("kind", "local_id"),
            set_={"version": SyncJob.version + 1, "status": _revived, "next_try_at": _sooner, "tries": _afresh},
        )
    )


# A change may be what a parked object was waiting for; one whose creation is in doubt stays in doubt.
_refused = SyncJob.status.in_(("parked", "blocked"))
_revived = case((_refused, "waiting"), else_=SyncJob.status)
_sooner = case((_refused, func.business_now()), else_=SyncJob.next_try_at)
_afresh = case((_refused, 0), else_=SyncJob.tries)
