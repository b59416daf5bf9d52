"""Where money belongs that nobody here knows: nothing is guessed, and nobody gets another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.contracts.models import Contract, Installment
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from payments.reconciliation.repairing import repair_all
from tests.payments.reconciliation.conftest import Paid, Seen, differences, invoice_of, pay
from tests.support.business import Agreement, make_agreement
from tests.support.gateway_cabinet import pay_past_us
from tests.support.world import World

Reconciled = Callable[[], Seen]


def _open_invoice(email: str) -> Invoice:
    with begin() as session:
        it = make_agreement(session, email=email)
        return issue_now(session, it.line_id, now=business_now(session))


def _renumber(invoice: Invoice, *, number: str | None = None, contract: str | None = None) -> None:
    with begin() as session:
        if number:
            session.execute(update(Invoice).where(Invoice.id == invoice.id).values(number=number))
        if contract:
            session.execute(update(Contract).where(Contract.id == invoice.contract_id).values(number=contract))


def _ours(contract_id: UUID) -> dict[str, str]:
    return {"payment_id": str(uuid4()), "invoice_id": str(uuid4()), "contract_id": str(contract_id)}


def _proposed() -> list[tuple[str, UUID | None, str | None]]:
    return [(it.kind, it.invoice_id, it.repair) for it in differences()]


def test_a_payment_of_ours_is_never_placed_by_the_number_that_its_lost_contract_had(
    world: World, reconciled: Reconciled
) -> None:
    invoice = _open_invoice("vera@example.com")
    _renumber(invoice, contract="2026-0150")
    pay_past_us(world.sandbox, "3000.00", description="Абонемент, договор № 2026-0150", metadata=_ours(uuid4()))

    reconciled()

    assert _proposed() == [("missing_here", None, None)]


def test_a_number_that_two_customers_documents_bear_is_not_plain(world: World, reconciled: Reconciled) -> None:
    paid_already, open_one = pay("anna@example.com"), _open_invoice("vera@example.com")
    _renumber(invoice_of(paid_already), number="2026-0777")
    _renumber(open_one, contract="2026-0777")
    pay_past_us(world.sandbox, "3000.00", description="Оплата 2026-0777")

    reconciled()

    assert _proposed() == [("foreign", None, None)]


def test_the_word_before_the_number_tells_which_document_is_meant(world: World, reconciled: Reconciled) -> None:
    first, second = _open_invoice("anna@example.com"), _open_invoice("vera@example.com")
    _renumber(first, number="2026-0777")
    _renumber(second, contract="2026-0777")
    pay_past_us(world.sandbox, "3000.00", description="По договору № 2026-0777")
    pay_past_us(world.sandbox, "3000.00", description="Счёт на оплату № 2026-0777")

    reconciled()

    assert {it[1:] for it in _proposed()} == {(second.id, "import"), (first.id, "import")}


@pytest.fixture
def with_an_old_debt(world: World, paid: Paid) -> tuple[Agreement, Invoice]:
    """Anna's next line is invoiced and stays a debt to be paid by hand; the one after it is only planned."""
    it = paid.agreement
    with begin() as session:
        line = session.scalars(
            select(Installment).where(Installment.contract_id == it.contract_id, Installment.status == "planned")
        ).one()
        debt = issue_now(session, line.id, now=business_now(session))
        session.add(
            Installment(
                id=uuid4(),
                contract_id=it.contract_id,
                plan_id=line.plan_id,
                number=line.number + 1,
                due_on=line.period_end + timedelta(days=1),
                period_start=line.period_end + timedelta(days=1),
                period_end=line.period_end + timedelta(days=28),
                kopecks=line.kopecks,
                issue_at=line.issue_at,
                status="planned",
            )
        )
    return it, debt


def test_what_was_charged_after_the_backup_pays_the_line_whose_invoice_was_lost_not_an_older_debt(
    world: World, reconciled: Reconciled, with_an_old_debt: tuple[Agreement, Invoice]
) -> None:
    it, debt = with_an_old_debt
    world.jump("PT1M")
    pay_past_us(world.sandbox, "3000.00", metadata=_ours(it.contract_id))
    reconciled()

    assert repair_all(by=None, note=lambda *_: None).done == 1

    with read() as session:
        lines = session.execute(
            select(Installment.status)
            .where(Installment.contract_id == it.contract_id)
            .order_by(Installment.number)
            .limit(3)
        ).scalars()
        assert list(lines) == ["paid", "invoiced", "paid"]
        assert session.get_one(Invoice, debt.id).status == "open"


def test_without_such_a_line_it_pays_the_oldest_debt(world: World, paid: Paid, reconciled: Reconciled) -> None:
    with begin() as session:
        line = session.scalars(
            select(Installment).where(
                Installment.contract_id == paid.agreement.contract_id, Installment.status == "planned"
            )
        ).one()
        debt = issue_now(session, line.id, now=business_now(session))
    world.jump("PT1M")
    pay_past_us(world.sandbox, "3000.00", metadata=_ours(paid.agreement.contract_id))
    reconciled()

    assert repair_all(by=None, note=lambda *_: None).done == 1

    with read() as session:
        assert session.get_one(Invoice, debt.id).status == "paid"


def test_money_that_named_a_number_before_the_document_was_here_is_not_for_it(
    world: World, reconciled: Reconciled
) -> None:
    pay("anna@example.com")
    pay_past_us(world.sandbox, "3000.00", description="Оплата по договору № 2025-0147")
    pay_past_us(world.sandbox, "3000.00", description="Счёт на оплату № 2026-0777")
    world.jump("PT1M")
    imported, issued = _open_invoice("vera@example.com"), _open_invoice("boris@example.com")
    _renumber(imported, contract="2025-0147")
    _renumber(issued, number="2026-0777")

    reconciled()

    assert _proposed() == [("foreign", None, None)] * 2
    assert repair_all(by=None, note=lambda *_: None).done == 0
