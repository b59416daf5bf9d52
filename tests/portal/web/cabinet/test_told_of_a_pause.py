"""A pause of all charging, as the customers whose charges wait for its end are told of it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text, update

from kernel.clock import business_now
from kernel.db import begin
from payments.charging.models import Payment
from payments.charging.refused_shop import CREDENTIALS_REFUSED
from payments.installation.pausing import DAILY_LIMIT, pause_charging, pause_until_reconciled, resume_charging
from tests.portal.web.cabinet.story import Cabinet, Visitor
from tests.support.business import Agreement
from tests.support.charging import DueCharge, make_due

STALLED = "Списание 2 365,50 ₽ отложено"
NOTHING = "ничего не списано, спишем, когда они возобновятся"
PAY = "Можно не ждать и заплатить самостоятельно"


def test_a_charge_that_was_never_sent_waits_calmly_and_can_be_paid_by_hand(cabinet: Cabinet, anna: Visitor) -> None:
    due = unsent_charge(cabinet, anna)
    pause(DAILY_LIMIT)

    home, autopay = anna.page("/"), anna.page("/autopay")
    payment, invoice = anna.page(page_of(cabinet, anna)), anna.page(f"/invoices/{due.invoice_id}")

    for page in (home, autopay):
        assert STALLED in page
        assert f'href="/invoices/{due.invoice_id}"' in page
    assert "Списание отложено" in payment
    assert "Попытка 1 отложена" in payment
    assert f'href="/invoices/{due.invoice_id}"' in payment
    assert "списание отложено" in home[home.index('id="soon"') :]
    assert "Отложен</span>" in home
    assert "Отложен</span>" in anna.page("/payments")
    for page in (home, autopay, payment, invoice):
        assert NOTHING in page
        assert PAY in page
        assert "банк" not in page.lower()
        assert "предел" not in page, "why we paused is our own affair"
    assert "Ждёт оплаты" not in home
    assert "Оплатить 2 365,50 ₽" in invoice
    assert "спишет эту сумму сам" not in invoice


def test_one_that_had_left_before_the_pause_waits_for_the_bank(cabinet: Cabinet, anna: Visitor) -> None:
    due = unsent_charge(cabinet, anna)
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == due.payment_id).values(status="unknown", sends=1))
    pause(DAILY_LIMIT)

    home, payment = anna.page("/"), anna.page(page_of(cabinet, anna))

    assert "ждём ответ банка. Платить самостоятельно не нужно" in home
    assert "Попытка 1: ждём банк" in payment
    assert "тложен" not in home + payment + anna.page("/autopay") + anna.page("/payments")
    assert PAY not in anna.page(f"/invoices/{due.invoice_id}")


def test_without_a_pause_nothing_is_put_off(cabinet: Cabinet, anna: Visitor) -> None:
    due = unsent_charge(cabinet, anna)

    home, payment = anna.page("/"), anna.page(page_of(cabinet, anna))

    assert "Списываем 2 365,50 ₽" in home
    assert "Попытка 1: отправляем в банк" in payment
    assert "тложен" not in home + payment + anna.page("/autopay") + anna.page("/payments")
    assert "на время приостановили" not in anna.page(f"/invoices/{due.invoice_id}")


@pytest.mark.parametrize("backup", [True, False], ids=["from a backup", "a gateway that refuses us"])
def test_where_paying_by_hand_is_not_safe_nobody_is_asked_to(cabinet: Cabinet, anna: Visitor, *, backup: bool) -> None:
    due = unsent_charge(cabinet, anna)
    if backup:
        with begin() as session:
            pause_until_reconciled(session, "База восстановлена из копии", now=business_now(session))
    else:
        pause(CREDENTIALS_REFUSED)

    pages = [anna.page(path) for path in ("/", "/autopay", page_of(cabinet, anna))]

    for page in pages:
        assert "на время приостановили автоматические списания" in page
        assert "Делать ничего не нужно" in page
        assert "ничего не списано" not in page.lower()
        assert f"/invoices/{due.invoice_id}" not in page
        assert "копи" not in page
    assert "Попытка 1 отложена" in pages[-1]


def test_a_charge_that_fell_due_under_the_pause_was_never_tried_and_is_no_repeat(
    cabinet: Cabinet, anna: Visitor
) -> None:
    cabinet.subscribe(anna)
    cabinet.world.play(advance="P29D")
    pause("Сверяем суммы")
    cabinet.world.play(advance="P3D")

    home = anna.page("/")
    assert STALLED in home
    assert PAY in home
    assert "Повтор" not in home
    assert "Ждёт оплаты" not in home
    assert "Списание отложено" in home[home.index('id="next"') :]
    assert STALLED in anna.page("/autopay")
    assert "повтор" not in anna.page("/autopay")
    assert len(cabinet.payments_of(anna)) == 1, "nothing was written: there is nothing to be shown as a payment"

    with begin() as session:
        resume_charging(session, now=business_now(session), by=uuid4())
    home = anna.page("/")
    assert "Было назначено на" in home
    assert "Повтор" not in home
    assert "тложен" not in home
    cabinet.world.play(advance="PT20M")
    assert cabinet.payments_of(anna)[-1].status == "succeeded"


def test_a_declined_charge_is_repeated_when_the_pause_is_over(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    cabinet.world.script(cabinet.method_of(anna).gateway_id, "insufficient_funds")
    cabinet.world.play(advance="P1M")
    pause("Сверяем суммы")
    cabinet.world.play(advance="P2D")

    home = anna.page("/")

    assert "Списание 2 365,50 ₽ не прошло" in home
    assert "Повторим, когда возобновятся автоматические списания" in home
    assert "Сами мы больше пробовать не будем" not in home
    assert STALLED not in home, "one alarm about one invoice"


def test_a_customer_who_gave_up_paying_by_hand_waits_for_the_end_again(cabinet: Cabinet, anna: Visitor) -> None:
    due = unsent_charge(cabinet, anna)
    pause("Сверяем суммы")
    anna.post("/payments", invoice=due.invoice_id)
    assert STALLED not in anna.page("/"), "the page of the gateway is open"

    cabinet.world.play(advance="PT2H")

    home = anna.page("/")
    assert STALLED in home
    assert "Повтор" not in home


def test_switching_autopay_off_under_a_pause_names_what_will_be_paid_by_hand(cabinet: Cabinet, anna: Visitor) -> None:
    due = unsent_charge(cabinet, anna)
    pause("Сверяем суммы")

    assert "его нужно будет оплатить самостоятельно" in anna.page(f"/autopay/{due.contract_id}/cancel")


def test_who_has_nothing_due_is_told_nothing(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.subscribe(anna)
    pause("Сверяем суммы")

    pages = anna.page("/") + anna.page("/autopay") + anna.page("/payments")

    assert "приостановили" not in pages
    assert "тложен" not in pages
    assert "Следующее списание" in pages


def unsent_charge(cabinet: Cabinet, anna: Visitor) -> DueCharge:
    contract_id = cabinet.subscribe(anna)
    cabinet.world.jump("P1D")
    with begin() as session:
        (due,) = make_due(session, [Agreement(anna.customer_id, contract_id, contract_id)])
        session.execute(text("DELETE FROM outbox_messages WHERE topic = 'hint' AND dispatched_at IS NULL"))
    return due


def pause(reason: str) -> None:
    with begin() as session:
        assert pause_charging(session, reason, now=business_now(session), by=None)


def page_of(cabinet: Cabinet, anna: Visitor) -> str:
    return f"/payments/{cabinet.payments_of(anna)[-1].number}"
