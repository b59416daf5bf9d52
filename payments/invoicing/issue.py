"""Due lines become invoices, in bulk and with gap-free numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from kernel import outbox
from kernel.clock import business_date
from kernel.db import Session, insert_rows
from kernel.errors import NotFound
from kernel.ids import uuid7
from payments.autopay.notices import announce
from payments.contracts.models import BY_CALENDAR, TO_ISSUE, Contract, Installment
from payments.contracts.planning import plan_following
from payments.events import InvoiceChanged, InvoiceIssued
from payments.installation.numbering import document_number, take_numbers
from payments.invoicing.lapsing import lapse_instant
from payments.invoicing.models import Invoice
from payments.ledger.posting import invoice_issued, post

BATCH = 100
_GATEWAY_TEXT_LIMIT = 128


@dataclass(frozen=True, slots=True)
class _Line:
    """A due line that is about to become an invoice, with what the invoice takes from its contract."""

    installment: Installment
    contract: Contract
    invoice_id: UUID


def issue_due(session: Session, *, now: datetime) -> int:
    """Issue one batch of lines whose time has come and say how many. Two schedulers at once are harmless."""
    rows = session.execute(
        select(Installment, Contract)
        .join(Contract, Contract.id == Installment.contract_id)
        .where(TO_ISSUE.due())
        .order_by(Installment.issue_at, Installment.id)
        .limit(BATCH)
        .with_for_update(of=Installment, key_share=True, skip_locked=True)
    ).all()
    _issue(session, [_Line(installment, contract, uuid7()) for installment, contract in rows], now=now)
    return len(rows)


def issue_now(session: Session, installment_id: UUID, *, now: datetime) -> Invoice:
    """The invoice of one line: issued at once when it is still planned, else the one that it has.

    Raises:
        NotFound: no such line, or it is void or skipped.
    """
    # An invoice that is there already is locked before its line, as by whoever books its payment or voids it.
    session.execute(
        select(Invoice.id).where(Invoice.installment_id == installment_id).with_for_update(key_share=True)
    ).all()
    row = session.execute(
        select(Installment, Contract)
        .join(Contract, Contract.id == Installment.contract_id)
        .where(Installment.id == installment_id)
        .with_for_update(of=Installment, key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if row is None or row[0].status in ("void", "skipped"):
        raise NotFound
    if row[0].status == "planned":
        _issue(session, [_Line(row[0], row[1], uuid7())], now=now, tell=False)
    return session.scalars(select(Invoice).where(Invoice.installment_id == installment_id)).one()


def _issue(session: Session, lines: Sequence[_Line], *, now: datetime, tell: bool = True) -> None:
    if not lines:
        return
    insert_rows(session, Invoice, _invoice_rows(session, lines, now))
    post(
        session,
        [
            invoice_issued(line.invoice_id, line.contract.customer_id, line.contract.id, line.installment.kopecks)
            for line in lines
        ],
    )
    ids = [line.installment.id for line in lines]
    session.execute(update(Installment).where(Installment.id.in_(ids)).values(status="invoiced"))
    plan_following(session, ids, advance=BY_CALENDAR)
    outbox.record(session, *(InvoiceChanged(line.invoice_id) for line in lines))
    if tell:
        told = announce(session, ids, now=now)
        outbox.record(session, *(InvoiceIssued(line.invoice_id) for line in lines if line.installment.id not in told))


def _invoice_rows(session: Session, lines: Sequence[_Line], now: datetime) -> list[dict[str, object]]:
    year = business_date(now).year
    by_entity: dict[UUID, list[_Line]] = defaultdict(list)
    for line in lines:
        by_entity[line.contract.legal_entity_id].append(line)
    rows: list[dict[str, object]] = []
    for entity_id, its_lines in sorted(by_entity.items()):
        numbers = take_numbers(session, legal_entity_id=entity_id, kind="invoice", year=year, count=len(its_lines))
        rows += [
            {
                "id": line.invoice_id,
                "number": document_number(year, n),
                "legal_entity_id": entity_id,
                "customer_id": line.contract.customer_id,
                "contract_id": line.contract.id,
                "installment_id": line.installment.id,
                "kopecks": line.installment.kopecks,
                "due_on": line.installment.due_on,
                "purpose": _purpose(line.contract),
                "status": "open",
                "lapses_at": lapse_instant(line.installment.due_on) if line.contract.status == "draft" else None,
            }
            for line, n in zip(its_lines, numbers, strict=True)
        ]
    return rows


def _purpose(contract: Contract) -> str:
    ending = f", договор № {contract.number}"
    return contract.title[: _GATEWAY_TEXT_LIMIT - len(ending)] + ending
