"""Back from the gateway: the page finds out by itself, tells the truth meanwhile, and stops asking at the end."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_now
from kernel.db import begin
from kernel.outbox import OutboxMessage
from payments.catalogue.buying import buy
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.customers.models import Customer
from portal.web.payment_stage import Poll
from tests.portal.web.cabinet.story import GOOD_CARD, Cabinet, Visitor, readable
from tests.support.business import enter_card


def polling(text: str) -> str | None:
    """The address that the page will ask next."""
    found = re.search(r'id="pay-poll"[^>]*hx-get="([^"]+)"', text)
    return found[1].replace("&amp;", "&") if found else None


def hints() -> int:
    """Wishes to look at a payment that are on their way."""
    with begin() as session:
        found = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.topic == "hint")
        return session.scalar(found.where(OutboxMessage.payload["job"].astext == "check")) or 0


def test_the_page_turns_paid_without_being_loaded_again(cabinet: Cabinet, anna: Visitor) -> None:
    back = anna.pay(anna.agree(price=cabinet.monthly))
    waiting = anna.page(back)
    assert "Ждём оплату" in waiting
    cabinet.world.play(advance="PT10M")

    answer = anna.get(polling(waiting) or "", **{"HX-Request": "true"})

    text = readable(answer.text)
    assert answer.headers["HX-Retarget"] == "#pay-status"
    assert "Оплачено" in text
    assert "Автоплатёж включён" in text
    assert "Следующее списание" in text
    assert 'id="pay-said" hx-swap-oob="innerHTML">Оплачено<' in text
    assert polling(text) is None


def test_while_nothing_changes_only_the_next_question_comes(cabinet: Cabinet, anna: Visitor) -> None:
    back = anna.pay(anna.post("/payments", price=cabinet.once))
    question = polling(anna.page(back))
    assert question

    answer = anna.get(question, **{"HX-Request": "true"})

    assert "HX-Retarget" not in answer.headers
    assert answer.text.count("<div") == 1
    assert polling(answer.text) == question.replace("waited=2", "waited=4")


@pytest.mark.parametrize(("waited", "pause"), [(0, 2), (28, 2), (30, 5), (119, 5), (120, 10), (3000, 10)])
def test_questions_become_rarer(waited: int, pause: int) -> None:
    assert Poll(waited).pause == pause


def test_after_two_minutes_the_reader_is_let_go(cabinet: Cabinet, anna: Visitor) -> None:
    anna.post("/payments", price=cabinet.once)
    token = cabinet.payments_of(anna)[0].return_token

    answer = anna.get(f"/payments/{token}/status?was=open&waited=120", **{"HX-Request": "true"})

    assert "Можно закрыть страницу" in answer.text
    assert anna.email in answer.text
    assert anna.get(f"/payments/{token}/status?was=open-long&waited=3600", **{"HX-Request": "true"}).text.strip() == ""


@pytest.mark.parametrize("desk", ["new@example.com", None])
def test_the_reader_is_let_go_with_the_address_that_is_written_to(
    cabinet: Cabinet, anna: Visitor, desk: str | None
) -> None:
    anna.post("/payments", price=cabinet.once)
    with begin() as session:
        session.execute(update(Customer).where(Customer.id == anna.customer_id).values(email=desk))

    token = cabinet.payments_of(anna)[0].return_token
    answer = anna.get(f"/payments/{token}/status?was=open&waited=120", **{"HX-Request": "true"}).text

    assert "Можно закрыть страницу" in answer
    assert anna.email not in answer
    assert ("new@example.com" in answer) == bool(desk)


def test_without_javascript_the_page_reloads_itself_until_the_end(cabinet: Cabinet, anna: Visitor) -> None:
    back = anna.pay(anna.post("/payments", price=cabinet.once))
    assert '<noscript><meta http-equiv="refresh"' in anna.page(back)
    cabinet.world.play(advance="PT10M")

    assert "http-equiv" not in anna.page(back)


def test_opening_the_page_has_a_worker_ask_once_and_calls_nobody(cabinet: Cabinet, anna: Visitor) -> None:
    back = anna.pay(anna.post("/payments", price=cabinet.once))
    calls = len(cabinet.world.journal(system="yookassa"))

    for _ in range(3):
        anna.page(back)

    assert len(cabinet.world.journal(system="yookassa")) == calls
    assert hints() == 1
    cabinet.world.drain()
    assert "Оплачено" in anna.page(back)


def test_a_payment_left_open_says_why_and_a_new_try_is_a_new_payment(cabinet: Cabinet, anna: Visitor) -> None:
    back = anna.post("/payments", price=cabinet.once).headers["location"].removesuffix("/go") + "/return"
    cabinet.world.play(advance="PT2H")

    page = anna.page(back)
    assert "Оплата не завершена" in page
    assert "не прошл" not in page
    assert "Оплату начали, но не подтвердили вовремя. Ничего не списано." in page
    invoice = re.search(r'name="invoice" value="([\w-]+)"', page)
    assert invoice
    anna.post("/payments", invoice=invoice[1])

    first, second = cabinet.payments_of(anna)
    assert (first.status, second.status) == ("canceled", "pending")
    assert first.key != second.key


def test_an_unfinished_payment_can_be_gone_on_with(cabinet: Cabinet, anna: Visitor) -> None:
    started = anna.post("/payments", price=cabinet.once)
    back = started.headers["location"].removesuffix("/go") + "/return"

    assert f'href="{started.headers["location"]}"' in anna.page(back)
    assert "Ждём оплату 3 500,00 ₽" in anna.page("/")
    assert f'href="{started.headers["location"]}"' in anna.page("/")
    enter_card(anna.gateway_page(started), GOOD_CARD)
    cabinet.world.play(advance="PT10M")
    assert anna.get(started.headers["location"]).headers["location"] == back


def test_a_silent_gateway_is_told_in_words_and_the_intent_is_not_lost(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.world.fail(system="yookassa", match={"method": "POST"}, kind="error_500_before", times=1)

    started = anna.agree(price=cabinet.monthly)

    assert started.headers["location"].endswith("/return")
    page = anna.page(started.headers["location"])
    assert "Платёжная система отвечает медленно" in page
    assert "Деньги не списаны" in page
    assert "Можно закрыть страницу" in page

    cabinet.world.play(advance="PT10M")
    (payment,) = cabinet.payments_of(anna)
    assert payment.status == "pending"
    assert "Вернуться на страницу оплаты" in anna.page(started.headers["location"])
    keys = {entry["key"] for entry in cabinet.world.journal(system="yookassa") if entry["method"] == "POST"}
    assert keys == {str(payment.key)}


def test_an_intent_that_was_never_sent_ends_by_itself(cabinet: Cabinet, anna: Visitor) -> None:
    with begin() as session:
        now = business_now(session)
        invoice = buy(session, cabinet.once, customer_id=anna.customer_id, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=anna.customer_id, consent_id=None, now=now)
    back = f"/payments/{checkout.return_token}/return"
    assert "Открываем оплату" in anna.page(back)
    cabinet.world.play(advance="PT20M")

    page = anna.page(back)
    assert "Оплата не началась" in page
    assert "страница оплаты не открылась. Ничего не списано" in page
    assert "Попробовать ещё раз" in page


def test_nobody_is_told_that_a_bank_checks_a_card_that_may_not_have_been_entered(
    cabinet: Cabinet, anna: Visitor
) -> None:
    started = anna.post("/payments", price=cabinet.once)
    (payment,) = cabinet.payments_of(anna)

    for path in (started.headers["location"].removesuffix("/go") + "/return", "/", f"/payments/{payment.number}"):
        page = anna.page(path)
        assert "Ждём оплату" in page, path
        assert "банк" not in page.lower().replace("ждём банк</a>", ""), path
        assert "ернитесь на страницу оплаты" in page, path


def test_an_unsure_start_is_one_message_without_a_button_that_leads_back_to_it(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.world.fail(system="yookassa", match={"method": "POST"}, kind="error_500_before", times=1)
    anna.post("/payments", price=cabinet.once)
    (payment,) = cabinet.payments_of(anna)
    assert payment.status == "unknown"

    page = anna.page(f"/payments/{payment.number}")

    assert page.partition("</main>")[0].count('class="alert alert-') == 1
    assert "Платёжная система отвечает медленно" in page
    assert "/return" not in page
    assert "Спрашиваем, принят ли платёж" in page
    assert "спросили ещё раз" not in page
    assert "/return" not in anna.page("/") + anna.page(f"/invoices/{payment.invoice_id}")


def test_the_steps_of_a_payment_never_go_back(cabinet: Cabinet, anna: Visitor) -> None:
    cabinet.world.fail(system="yookassa", match={"method": "POST"}, kind="error_500_before", times=1)
    back = anna.post("/payments", price=cabinet.once).headers["location"]
    (payment,) = cabinet.payments_of(anna)

    def step() -> str:
        found = re.search(r'aria-current="step">.*?class="step-name">(\w+)<', anna.page(back))
        assert found
        return found[1]

    assert step() == "Создан"
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == payment.id).values(status="sending", sends=2))
    assert "Платёжная система отвечает медленно" in anna.page(back), "a repeat of the call is no new beginning"
    assert step() == "Создан"
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == payment.id).values(status="unknown"))
    cabinet.world.play(advance="PT10M")
    assert step() == "Оплата"


def test_a_paid_page_asks_nobody_to_call(cabinet: Cabinet, anna: Visitor) -> None:
    back = anna.pay(anna.post("/payments", price=cabinet.once))
    waiting = anna.page(back)
    assert "Ждёте дольше двух минут" in waiting
    cabinet.world.play(advance="PT10M")

    answer = anna.get(polling(waiting) or "", **{"HX-Request": "true"})
    # The call for help is inside the part that is replaced, so it goes with it.
    assert waiting.index('id="pay-status"') < waiting.index("Ждёте дольше двух минут") < waiting.index('id="pay-poll"')
    assert "Ждёте дольше двух минут" not in answer.text
