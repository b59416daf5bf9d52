"""Saying that objects have to be brought to the CRM. A further change before that only raises the job's version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import InstrumentedAttribute

from crm_sync.models import CrmLink, SyncJob, TimelineEntry
from crm_sync.port import COMPANY, CONTACT, DEAL, INVOICE, PAYMENT, RANKS, REQUISITE
from kernel.db import Session
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.customers.models import PERSON, Customer
from payments.invoicing.models import Invoice

_Select = Select[str, int, UUID, UUID]
_ids = bindparam("ids", type_=ARRAY(Uuid))


def want_customers(session: Session, ids: Sequence[UUID]) -> None:
    """These customers have to stand in the CRM as they are now, with their tax numbers."""
    session.execute(_WANT_CUSTOMERS, {"ids": list(ids)})


def want_contracts(session: Session, ids: Sequence[UUID]) -> None:
    """These contracts have to stand in the CRM as deals, and before them those who made them."""
    session.execute(_WANT_CONTRACTS, {"ids": list(ids)})


def want_invoices(session: Session, ids: Sequence[UUID]) -> None:
    """These invoices have to stand in the CRM, and their deals with the debt as it is now."""
    session.execute(_WANT_INVOICES, {"ids": list(ids)})


def want_payments(session: Session, ids: Sequence[UUID]) -> None:
    """These payments have to stand in the CRM, and whatever they changed."""
    session.execute(_WANT_PAYMENTS, {"ids": list(ids)})


def want_children(session: Session, kind: str, ids: Sequence[UUID]) -> None:
    """What stands in the CRM already and hangs on these objects of one kind has to hang on their new ids there."""
    if kind in _WANT_CHILDREN:
        session.execute(_WANT_CHILDREN[kind], {"ids": list(ids)})


def want_entries(session: Session, entries: Sequence[dict[str, object]]) -> None:
    """Lines for deals' timelines, each once for its `key`; a deal and those it hangs on come before its lines."""
    if entries:
        added = insert(TimelineEntry).values(entries).on_conflict_do_nothing().returning(TimelineEntry.id)
        session.execute(_WANT_ENTRIES, {"ids": session.scalars(added).all()})


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


def _is(key: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    return key == any_(_ids)


def _payments(which: ColumnElement[bool]) -> list[_Select]:
    paid = Invoice.id.in_(select(Payment.invoice_id).where(which))
    return [*_invoices(paid), _of(PAYMENT, Payment, which)]


def _invoices(which: ColumnElement[bool]) -> list[_Select]:
    theirs = Contract.id.in_(select(Invoice.contract_id).where(which))
    return [*_contracts(theirs), _of(INVOICE, Invoice, which)]


def _contracts(which: ColumnElement[bool]) -> list[_Select]:
    # An object is always wanted after those it hangs on; most of them stand in the CRM already.
    theirs = Customer.id.in_(select(Contract.customer_id).where(which))
    missing = _customers(and_(theirs, ~_stands(CrmLink), ~_stands(SyncJob)))
    return [*missing, _of(DEAL, Contract, which)]


def _customers(which: ColumnElement[bool]) -> list[_Select]:
    kind = case((Customer.kind == PERSON, CONTACT), else_=COMPANY)
    numbered = exists().where(CrmLink.kind == REQUISITE, CrmLink.local_id == Customer.id)
    itself = select(kind, literal(RANKS[CONTACT]), Customer.id, Customer.id.label("customer_id"))
    requisite = select(literal(REQUISITE), literal(RANKS[REQUISITE]), Customer.id, Customer.id.label("customer_id"))
    return [itself.where(which), requisite.where(which, or_(Customer.inn.is_not(None), numbered))]


def _of(kind: str, owner: type[Contract | Invoice | Payment], which: ColumnElement[bool]) -> _Select:
    return select(literal(kind), literal(RANKS[kind]), owner.id, owner.customer_id).where(which)


def _links(*which: ColumnElement[bool]) -> _Select:
    return _rows(CrmLink, CrmLink.local_id, *which)


def _rows(
    table: type[CrmLink | TimelineEntry], key: InstrumentedAttribute[UUID], *which: ColumnElement[bool]
) -> _Select:
    return select(table.kind, case(RANKS, value=table.kind), key, table.customer_id).where(*which)


def _stands(table: type[CrmLink | SyncJob]) -> ColumnElement[bool]:
    return exists().where(table.local_id == Customer.id, table.kind.in_((CONTACT, COMPANY)))


# A change may be what a parked object was waiting for; one whose creation is in doubt stays in doubt.
_refused = SyncJob.status.in_(("parked", "blocked"))
_AGAIN = {
    "version": SyncJob.version + 1,
    "status": case((_refused, "waiting"), else_=SyncJob.status),
    "next_try_at": case((_refused, func.business_now()), else_=SyncJob.next_try_at),
    "tries": case((_refused, 0), else_=SyncJob.tries),
}


def _want(objects: Sequence[_Select]) -> Insert:
    kind, rank, local_id, customer_id = union_all(*objects).subquery().c
    # Parents first, and in one order everywhere, so that two events about the same objects never wait for each other.
    rows = select(kind, rank, local_id, customer_id).order_by(rank, kind, local_id)
    # Into the table itself: the ORM would take the statement's parameters for a row.
    again = insert(cast(Table, SyncJob.__table__)).from_select(("kind", "rank", "local_id", "customer_id"), rows)
    return again.on_conflict_do_update(index_elements=("kind", "local_id"), set_=_AGAIN)


_hang_on_customer = _links(_is(CrmLink.customer_id), CrmLink.kind.in_((REQUISITE, DEAL, INVOICE, PAYMENT)))
_invoices_of_contract = _links(
    CrmLink.kind == INVOICE, CrmLink.local_id.in_(select(Invoice.id).where(_is(Invoice.contract_id)))
)
_payments_of_contract = _links(
    CrmLink.kind == PAYMENT, CrmLink.local_id.in_(select(Payment.id).where(_is(Payment.contract_id)))
)
_payments_of_invoice = _links(
    CrmLink.kind == PAYMENT, CrmLink.local_id.in_(select(Payment.id).where(_is(Payment.invoice_id)))
)

_WANT_CUSTOMERS = _want(_customers(_is(Customer.id)))
_WANT_CONTRACTS = _want(_contracts(_is(Contract.id)))
_WANT_INVOICES = _want(_invoices(_is(Invoice.id)))
_WANT_PAYMENTS = _want(_payments(_is(Payment.id)))
_WANT_ENTRIES = _want([_rows(TimelineEntry, TimelineEntry.id, _is(TimelineEntry.id))])
_WANT_CHILDREN = {
    CONTACT: _want([_hang_on_customer]),
    COMPANY: _want([_hang_on_customer]),
    DEAL: _want([_invoices_of_contract, _payments_of_contract]),
    INVOICE: _want([_payments_of_invoice]),
}
