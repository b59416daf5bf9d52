"""Three facts at once: what is owed, when it is charged, from which card; and what went wrong, with the way out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import delete, event, select, update

from kernel import db
from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.ending import end_contract, suspend_contract
from payments.autopay.models import PaymentMethod
from payments.charging.applying import apply
from payments.charging.models import Payment
from payments.contracts.models import Installment
from payments.invoicing.models import Invoice
from tests.portal.web.cabinet.story import Cabinet, Visitor
from tests.support.gateway_objects import says


def test_a_newcomer_is_led_to_the_services(cabinet: Cabinet, anna: Visitor) -> None:
    page = anna.page("/")

    assert "Здравствуйте, Анна Ковалёва" in page
    assert "Платить пока не за что" in page
    assert 'href="/services"' in page


def test_the_next_charge_names_sum_date_card_and_the_letter_before_it(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)

    page = anna.page("/")

    assert "Следующее списание" in page
    assert "2 365<small>,50 ₽</small>" in page
    assert "Карта •• 4444" in page
    assert "Предупредим письмом" in page
    assert "1 договор, просрочек нет" in page
    assert f'href="/payments/new?contract={contract_id}"' in page
    assert page.count('class="day"') == 3


def test_after_the_letter_the_page_says_when_it_left(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    cabinet.world.play(advance="P29D")

    assert "Предупредили письмом" in anna.page("/")


def test_paying_early_moves_the_next_charge_on(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    assert "Списания" in anna.page(f"/payments/new?contract={contract_id}")

    anna.pay(anna.post("/payments", contract=contract_id))
    cabinet.world.play(advance="P1M5D")

    assert [payment.initiator for payment in cabinet.payments_of(anna)] == ["customer", "customer"]
    assert "просрочек нет" in anna.page("/")


def test_a_declined_charge_says_why_what_next_and_where_to_pay(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    cabinet.world.script(cabinet.method_of(anna).gateway_id, "insufficient_funds", "succeeded")
    cabinet.world.play(advance="P1M")
    declined = cabinet.payments_of(anna)[-1]

    page = anna.page("/")
    assert "Списание 2 365,50 ₽ не прошло" in page
    assert "просрочек нет" not in page
    assert "1 списание не прошло" in page
    assert "Повтор: списание было назначено на" in page
    assert "На счёте не хватило денег. Ничего не списано. Повторим" in page
    assert f'href="/invoices/{declined.invoice_id}"' in page
    why = anna.page(f"/payments/{declined.number}")
    assert "Почему не списали" in why
    assert "Предупредили о списании" in why
    assert "Повторим списание" in why

    cabinet.world.play(advance="P2D")
    page = anna.page("/")
    assert "не прошло" not in page
    assert "Попытка 2 прошла" in anna.page(f"/payments/{cabinet.payments_of(anna)[-1].number}")


def test_a_retry_is_no_ordinary_charge_and_promises_no_warning(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    cabinet.world.script(cabinet.method_of(anna).gateway_id, "insufficient_funds")
    cabinet.world.play(advance="P1M")

    page = anna.page("/")
    soon = page[page.index('id="soon"') :]
    assert "повтор списания" in soon
    assert "О каждом списании предупредим" not in soon
    assert "завтра, повтор списания" in anna.page("/autopay")
    why = anna.page(f"/payments/{cabinet.payments_of(anna)[-1].number}")
    assert "Не согласны со списанием?" not in why
    assert "Больше не нужно пробовать?" in why
    assert '<dt class="strong">Списано</dt><dd><span class="sum sum-m">0' in why.replace("<b>", "")


def test_while_a_charge_is_under_way_nobody_is_asked_to_pay(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    cabinet.world.play(advance="P1M")
    charge = cabinet.payments_of(anna)[-1]
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == charge.id).values(status="pending"))
        session.execute(update(Invoice).where(Invoice.id == charge.invoice_id).values(status="open"))
        of_invoice = select(Invoice.installment_id).where(Invoice.id == charge.invoice_id).scalar_subquery()
        later = (Installment.contract_id == charge.contract_id) & (Installment.status == "planned")
        session.execute(delete(Installment).where(later))
        session.execute(update(Installment).where(Installment.id == of_invoice).values(status="invoiced"))

    page = anna.page("/")

    assert "Платить самостоятельно не нужно" in page
    assert "Идёт списание" in page
    assert "Ждём вашу оплату" not in page
    assert "списываем, ждём ответ банка" in page
    assert "по счёту" not in page


def test_a_card_that_stopped_working_is_one_alarm_with_the_way_out(cabinet: Cabinet, anna: Visitor) -> None:
    contract_id = cabinet.subscribe(anna)
    cabinet.world.script(cabinet.method_of(anna).gateway_id, "card_expired")
    cabinet.world.play(advance="P1M1D")

    page = anna.page("/")

    assert page.count("alert-danger") == 1
    assert "Автоплатёж приостановлен: с этой карты больше ничего не спишем" in page
    assert f'href="/autopay/new?contract={contract_id}"' in page
    assert "Ждёт оплаты" in page
    assert "Не подходит для списаний" in anna.page("/autopay")


@pytest.mark.parametrize(
    ("stop", "state"), [(suspend_contract, "Приостановлен"), (end_contract, "Завершён")], ids=["suspended", "ended"]
)
def test_the_debt_of_a_contract_that_was_stopped_is_shown_and_can_be_paid(
    cabinet: Cabinet, anna: Visitor, stop: Callable[..., None], state: str
) -> None:
    contract_id = cabinet.subscribe(anna)
    cabinet.world.play(advance="P29D")
    with begin() as session:
        stop(session, contract_id, now=business_now(session), source="staff")
        open_one = select(Invoice.id).where(Invoice.contract_id == contract_id, Invoice.status == "open")
        invoice_id = session.scalars(open_one).one()

    page = anna.page("/")
    assert "Ждёт оплаты" in page
    assert f'href="/invoices/{invoice_id}"' in page
    assert state in page
    assert "Следующее списание" not in page
    assert page.count('class="day"') == 1
    assert "/autopay/new" not in page + anna.page(f"/invoices/{invoice_id}")

    anna.pay(anna.post("/payments", invoice=invoice_id))
    cabinet.world.play(advance="PT10M")
    assert "Ждёт оплаты" not in anna.page("/")


def test_each_of_several_debts_has_its_own_button(cabinet: Cabinet, anna: Visitor) -> None:
    contracts = [cabinet.subscribe(anna) for _ in range(2)]
    cabinet.world.play(advance="P29D")
    with begin() as session:
        for contract_id in contracts:
            suspend_contract(session, contract_id, now=business_now(session), source="staff")
        invoices = session.scalars(select(Invoice.id).where(Invoice.status == "open")).all()

    page = anna.page("/")

    assert len(invoices) == 2
    for invoice_id in invoices:
        assert re.search(rf'<a class="btn[^"]*" href="/invoices/{invoice_id}" aria-label="Оплатить ', page)


def test_a_card_that_ends_before_the_charge_is_warned_of(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    assert "банк может отказать" not in anna.page("/")
    with begin() as session:
        session.execute(update(PaymentMethod).values(expiry_year=2020, expiry_month=12))

    page = anna.page("/")

    assert "Карта •• 4444 действует до 31 декабря 2020" in page
    assert "банк может отказать" in page


def test_what_was_paid_beyond_the_invoices_is_shown_as_an_advance(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    assert "Аванс" not in anna.page("/")
    with begin() as session:
        payment = session.scalars(select(Payment)).one()
        again = says(session, payment, "succeeded", gateway_id="gw-second")
        apply(session, [again], source="webhook", now=business_now(session))

    page = anna.page("/")

    assert "Аванс 2 365,50 ₽" in page
    assert "Вы заплатили больше, чем мы просили" in page


def test_ten_contracts_cost_no_more_queries_than_one(cabinet: Cabinet, anna: Visitor) -> None:
    anna.pay(anna.post("/payments", price=cabinet.monthly))
    cabinet.world.play(advance="PT10M")
    with_one = queries(anna)
    for _ in range(9):
        anna.pay(anna.post("/payments", price=cabinet.monthly))
        cabinet.world.play(advance="PT10M")

    assert "10 договоров" in anna.page("/")
    assert queries(anna) == with_one


def queries(visitor: Visitor) -> int:
    """How many statements the home page costs, the guard's included."""
    seen: list[str] = []

    def note(*call: object) -> None:
        seen.append(str(call[2]))

    event.listen(db.engine(), "before_cursor_execute", note)
    visitor.page("/")
    event.remove(db.engine(), "before_cursor_execute", note)
    return len(seen)
