"""Repairs are made of the gateway's own object, once, whoever presses the button and however often."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_now
from kernel.db import Session, begin, read
from kernel.errors import NotFound, Refused
from kernel.ids import uuid7
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.history.models import StatusHistory
from payments.installation.models import Shop
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerEntry, LedgerTransaction
from payments.reconciliation.models import Difference
from payments.reconciliation.repairing import repair, repair_all, see_to
from tests.payments.reconciliation.conftest import Paid, Seen, differences, invoice_of
from tests.support.business import make_agreement
from tests.support.gateway_cabinet import pay_past_us, refund_in_the_cabinet
from tests.support.world import World

Reconciled = Callable[[], Seen]
EMPLOYEE = uuid7()


def _note(_session: Session, _difference: Difference) -> None:
    """Nothing is written into a log here."""


def _press(difference: Difference, **more: str) -> bool:
    return repair(difference.id, by=EMPLOYEE, note=_note, **more)


def _open_invoice(email: str = "boris@example.com") -> Invoice:
    with begin() as session:
        it = make_agreement(session, email=email)
        return issue_now(session, it.line_id, now=business_now(session))


def _payments(invoice_id: UUID) -> list[Payment]:
    with read() as session:
        return list(session.scalars(select(Payment).where(Payment.invoice_id == invoice_id).order_by(Payment.number)))


def _status(invoice_id: UUID) -> str:
    with read() as session:
        return session.get_one(Invoice, invoice_id).status


def _postings() -> int:
    with read() as session:
        assert session.execute(select(func.coalesce(func.sum(LedgerEntry.kopecks), 0))).scalar_one() == 0
        mine = select(func.count()).select_from(LedgerTransaction).where(LedgerTransaction.kind == "payment")
        return session.execute(mine).scalar_one()


def _advance(invoice: Invoice) -> int:
    with read() as session:
        mine = (LedgerEntry.customer_id == invoice.customer_id, LedgerEntry.account == "advance")
        return -int(session.execute(select(func.coalesce(func.sum(LedgerEntry.kopecks), 0)).where(*mine)).scalar_one())


def test_the_gateways_status_is_applied_once(world: World, reconciled: Reconciled) -> None:
    invoice = _open_invoice()
    with begin() as session:
        lost = Payment(
            id=uuid7(),
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            contract_id=invoice.contract_id,
            shop_id=session.get_one(Contract, invoice.contract_id).shop_id,
            initiator="customer",
            kopecks=invoice.kopecks,
            status="rejected",
            reason="not_created",
            body="",
        )
        session.add(lost)
    ids = {"payment_id": str(lost.id), "invoice_id": str(invoice.id), "contract_id": str(invoice.contract_id)}
    there = pay_past_us(world.sandbox, "3000.00", metadata=ids)
    assert reconciled() == {("other_status", there["id"])}
    (found,) = differences()

    assert _press(found)
    assert not _press(found)

    (payment,) = _payments(invoice.id)
    assert (payment.status, payment.gateway_id, _status(invoice.id), _postings()) == (
        "succeeded",
        there["id"],
        "paid",
        1,
    )
    assert reconciled() == set()
    (closed,) = differences(resolved=True)
    assert (closed.resolution, closed.payment_id) == ("repaired", payment.id)
    with read() as session:
        said = select(StatusHistory.source).where(
            StatusHistory.object_id == payment.id, StatusHistory.new == "succeeded"
        )
        assert session.execute(said).scalar_one() == "reconcile"
        by = select(StatusHistory.source).where(StatusHistory.object_id == closed.id)
        assert session.execute(by).scalar_one() == f"staff:{EMPLOYEE}"


def test_a_payment_made_in_the_cabinet_pays_the_one_open_invoice_that_it_names(
    world: World, reconciled: Reconciled
) -> None:
    invoice, other = _open_invoice(), _open_invoice("vera@example.com")
    made = pay_past_us(world.sandbox, "3000.00", description=f"Оплата счёта № {invoice.number}")
    assert reconciled() == {("foreign", made["id"])}
    (found,) = differences()
    assert (found.invoice_id, found.repair) == (invoice.id, "import")

    with ThreadPoolExecutor(4) as people:
        pressed = list(people.map(lambda _: _press(found), range(4)))

    assert sorted(pressed) == [False, False, False, True]
    (payment,) = _payments(invoice.id)
    assert (payment.status, payment.initiator, payment.kopecks) == ("succeeded", "gateway", 300_000)
    assert payment.reason is None, "it was never declined"
    assert (_status(invoice.id), _status(other.id), _postings()) == ("paid", "open", 1)
    assert reconciled() == set()


def test_money_that_was_found_bears_the_time_at_which_it_came(world: World, reconciled: Reconciled) -> None:
    invoice = _open_invoice()
    made = pay_past_us(world.sandbox, "3000.00", description=f"Счёт {invoice.number}")
    world.jump("P2D")
    reconciled()
    (found,) = differences()

    assert _press(found)

    (payment,) = _payments(invoice.id)
    assert payment.created_at == datetime.fromisoformat(made["created_at"])
    assert payment.decided_at
    assert timedelta(0) <= payment.decided_at - payment.created_at < timedelta(minutes=5)
    with read() as session:
        assert session.get_one(Invoice, invoice.id).paid_at == payment.decided_at
        assert business_now(session) - payment.decided_at > timedelta(days=2)


def test_what_is_not_plain_waits_for_a_person_who_names_the_invoice(world: World, reconciled: Reconciled) -> None:
    invoice = _open_invoice()
    made = pay_past_us(world.sandbox, "3500.00", description=f"Счёт {invoice.number} и ещё что-то")
    reconciled()
    (found,) = differences()
    assert (found.kind, found.repair) == ("foreign", None)
    with pytest.raises(Refused, match="не исправить"):
        _press(found)
    with pytest.raises(Refused, match="номером нет"):
        _press(found, number="2020-9999")

    assert _press(found, number=invoice.number)

    assert (_status(invoice.id), _advance(invoice), _postings()) == ("paid", 50_000, 1)
    # A later one of the same invoice is the customer's advance as a whole.
    again = pay_past_us(world.sandbox, "100.00")
    reconciled()
    (second,) = differences()
    assert second.gateway_id == again["id"] != made["id"]
    assert _press(second, number=invoice.number)
    assert (_advance(invoice), _postings()) == (60_000, 2)
    assert reconciled() == {("second_success", again["id"])}, "what becomes of the advance is for a person to say"


def test_a_contract_in_the_metadata_of_another_program_is_not_plain(world: World, reconciled: Reconciled) -> None:
    invoice = _open_invoice()
    pay_past_us(world.sandbox, "3900.00", metadata={"contract_id": str(invoice.contract_id)})

    reconciled()

    assert [(it.kind, it.repair) for it in differences()] == [("foreign", None)]


def test_two_invoices_that_fit_are_not_chosen_between(world: World, reconciled: Reconciled) -> None:
    first, second = _open_invoice(), _open_invoice("vera@example.com")
    pay_past_us(world.sandbox, "3000.00", description=f"{first.number} или {second.number}")
    reconciled()
    assert [it.repair for it in differences()] == [None]


def test_a_second_payment_of_one_intent_is_booked_as_the_customers_advance(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    ids = {"payment_id": str(paid.payment_id), "invoice_id": str(paid.invoice_id)}
    twin = pay_past_us(world.sandbox, "3000.00", metadata=ids)
    reconciled()

    done = repair_all(by=None, note=_note)

    assert (done.done, done.refused) == (1, {})
    assert (_advance(invoice_of(paid)), _postings()) == (300_000, 2)
    # That the invoice was paid twice stays until the money goes back, or somebody has agreed with the customer.
    assert reconciled() == {("second_success", twin["id"])}
    refund = refund_in_the_cabinet(world.sandbox, twin["id"], "3000.00")
    assert reconciled() == {("refund", refund["id"])}


def test_what_a_person_has_seen_to_does_not_come_back_while_it_stays_the_same(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    pay_past_us(world.sandbox, "777.00", description="Заказ с сайта")
    refund_in_the_cabinet(world.sandbox, paid.gateway_id, "100.00")
    reconciled()
    for it in differences():
        with begin() as session:
            assert see_to(session, it.id, by=EMPLOYEE, now=business_now(session))
        with begin() as session:
            assert see_to(session, it.id, by=EMPLOYEE, now=business_now(session)) is None
    assert reconciled() == set()

    with begin() as session:
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(status="unknown", decided_at=None))
    reconciled()
    (found,) = differences()
    with begin() as session, pytest.raises(Refused, match="кнопкой"):
        see_to(session, found.id, by=EMPLOYEE, now=business_now(session))


def test_what_a_number_proposes_may_be_refused(world: World, reconciled: Reconciled) -> None:
    invoice = _open_invoice()
    pay_past_us(world.sandbox, "3000.00", description=f"Счёт {invoice.number}")
    reconciled()
    (found,) = differences()
    assert found.repair == "import"

    with begin() as session:
        assert see_to(session, found.id, by=EMPLOYEE, now=business_now(session))

    assert reconciled() == set()
    assert (_status(invoice.id), _postings()) == ("open", 0)


def test_of_a_shop_that_is_not_ours_any_more_a_person_says_what_became(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(status="unknown", decided_at=None))
    reconciled()
    (found,) = differences()
    with begin() as session:
        session.execute(update(Shop).values(account_id="555000"))

    with pytest.raises(Refused, match="прежнего магазина"):
        _press(found)
    assert repair_all(by=EMPLOYEE, note=_note).done == 0
    with begin() as session:
        assert see_to(session, found.id, by=EMPLOYEE, now=business_now(session))


def test_a_silent_gateway_changes_nothing(world: World, paid: Paid, reconciled: Reconciled) -> None:
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == paid.payment_id).values(status="unknown", decided_at=None))
    reconciled()
    (found,) = differences()
    for kind in ("error_500_before", "too_many_requests", "cut_json", "unknown_status", "drop_before"):
        world.fail(system="yookassa", match={"method": "GET"}, kind=kind, times=1)
        with pytest.raises(Refused, match="не показала"):
            _press(found)
    assert [it.status for it in _payments(paid.invoice_id)] == ["unknown"]
    assert [it.id for it in differences()] == [found.id]
    with pytest.raises(NotFound):
        repair(uuid7(), by=EMPLOYEE, note=_note)


def test_an_act_that_cannot_be_noted_is_not_done(world: World, reconciled: Reconciled) -> None:
    invoice = _open_invoice()
    pay_past_us(world.sandbox, "3000.00", description=invoice.number)
    reconciled()
    (found,) = differences()

    def break_down(_session: Session, _difference: Difference) -> None:
        raise RuntimeError("the log is full")

    with pytest.raises(RuntimeError):
        repair(found.id, by=EMPLOYEE, note=break_down)

    assert (_payments(invoice.id), _status(invoice.id), _postings()) == ([], "open", 0)
    assert _press(found)


def test_when_its_time_is_over_the_rest_waits_for_the_next_press(world: World, reconciled: Reconciled) -> None:
    invoice = _open_invoice()
    pay_past_us(world.sandbox, "3000.00", description=f"Счёт {invoice.number}")
    reconciled()

    assert repair_all(by=EMPLOYEE, note=_note, seconds=-1).done == 0
    assert _status(invoice.id) == "open"

    assert repair_all(by=EMPLOYEE, note=_note).done == 1
    assert _status(invoice.id) == "paid"


def test_a_difference_that_is_none_is_not_seen_to(session: Session) -> None:
    with pytest.raises(NotFound):
        see_to(session, uuid7(), by=EMPLOYEE, now=business_now(session))
