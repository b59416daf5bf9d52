"""Paying by a link: from the button to «paid», in every state on the way, and never twice."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from sqlalchemy import update

from kernel.clock import business_now
from kernel.db import begin
from payments.charging.checkout import prepare_checkout, send_checkout
from payments.charging.models import Payment
from payments.customers.models import Customer
from payments.installation.pausing import pause_until_reconciled
from payments.invoicing.taking_back import void_invoice
from tests.portal.web.cabinet.story import GOOD_CARD, Cabinet
from tests.portal.web.pay.conftest import Guest, Till
from tests.support.business import agree, enter_card

DECLINED_CARD = "5555555555554600"
BOSS = UUID(int=1)


def gateway_page(guest: Guest) -> str:
    """Where the button led to."""
    found = re.search(r'url=(http[^"]+)"', guest.get("/go").text)
    assert found
    return found[1]


def polling(text: str) -> str:
    """What the page asks next, below its own address."""
    found = re.search(r'id="pay-poll"[^>]*hx-get="/pay/[\w-]+(/status[^"]+)"', text)
    assert found, text[-900:]
    return found[1].replace("&amp;", "&")


def posts(till: Till) -> list[dict[str, object]]:
    return [entry for entry in till.world.journal(system="yookassa") if entry["method"] == "POST"]


def test_a_guest_pays_and_the_page_turns_paid_by_itself(till: Till) -> None:
    guest = till.guest()
    assert "Оплатить 3 000,00 ₽" in guest.page()

    pressed = guest.press()

    assert (pressed.status_code, pressed.headers["location"]) == (303, f"{till.path}/go")
    enter_card(gateway_page(guest), GOOD_CARD)
    waiting = guest.page()
    assert "Ждём оплату" in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    question = polling(waiting)
    assert guest.get(question, **{"HX-Request": "true"}).text.count("<div") == 1, "nothing new, only the next question"
    till.world.play(advance="PT10M")
    answer = guest.get(question, **{"HX-Request": "true"})
    assert answer.headers["HX-Retarget"] == "#pay-status"
    assert 'hx-swap-oob="innerHTML">Счёт оплачен<' in answer.text
    assert "pay-poll" not in answer.text
    page = guest.page()
    assert "Платить больше не нужно" in page
    assert "http-equiv" not in page
    assert till.invoice().status == "paid"
    (payment,) = till.payments()
    assert (payment.initiator, payment.saves_method, payment.consent_id) == ("customer", False, None)


def test_nothing_is_saved_and_nothing_recurring_is_agreed_to(till: Till) -> None:
    guest = till.guest()
    assert "checkbox" not in guest.page()
    guest.press(agree="y", save="y", text="-")

    (sent,) = posts(till)
    assert '"save_payment_method": false' in str(sent["request"]).replace("'", '"').replace("False", "false")


def test_opening_the_link_begins_nothing(till: Till) -> None:
    for rest in ("", "/go", "/status?was=&waited=2"):
        assert till.guest().get(rest).status_code in (200, 303)

    assert till.payments() == []
    assert posts(till) == []


def test_a_double_click_is_one_payment_with_one_way(till: Till) -> None:
    guest = till.guest()

    with ThreadPoolExecutor(4) as clicks:
        answers = [click.result() for click in [clicks.submit(guest.press) for _ in range(4)]]

    assert {answer.status_code for answer in answers} == {303}
    assert {answer.headers["location"] for answer in answers} <= {till.path, f"{till.path}/go"}
    assert guest.press().headers["location"] == f"{till.path}/go"
    assert len(till.payments()) == 1
    assert len(posts(till)) == 1


def test_a_second_tab_goes_on_with_the_payment_of_the_first(till: Till) -> None:
    first, second = till.guest(), till.guest()
    first.press()

    page = second.page()

    assert "Вернуться на страницу оплаты" in page
    assert "Оплатить 3 000,00" not in page
    assert gateway_page(first) == gateway_page(second)
    assert second.press().headers["location"] == f"{till.path}/go"
    assert len(till.payments()) == 1


def test_a_decline_says_why_and_that_nothing_was_taken_and_a_new_try_is_a_new_payment(till: Till) -> None:
    guest = till.guest()
    guest.press()
    (payment,) = till.payments()
    with begin() as session:
        now = business_now(session)
        session.execute(
            update(Payment)
            .where(Payment.id == payment.id)
            .values(status="canceled", reason="insufficient_funds", decided_at=now, next_check_at=None)
        )

    page = guest.page()

    assert "Оплата не прошла" in page
    assert "На счёте не хватило денег. Ничего не списано." in page
    guest.press()
    first, second = till.payments()
    assert (second.status, first.key == second.key) == ("pending", False)
    till.world.play(advance="PT2H")
    assert "Оплата не завершена" in guest.page()
    till.world.play(advance="PT2H")
    assert "Оплата не завершена" not in guest.page(), "whoever opens the letter later need not know"


def test_a_silent_gateway_is_told_in_words_and_the_intent_is_not_lost(till: Till) -> None:
    till.world.fail(system="yookassa", match={"method": "POST"}, kind="error_500_before", times=1)
    guest = till.guest()

    assert guest.press().headers["location"] == till.path

    page = guest.page()
    assert "Платёжная система отвечает медленно" in page
    assert "Деньги не списаны" in page
    assert "Можно закрыть страницу" in page
    till.world.play(advance="PT10M")
    assert "Вернуться на страницу оплаты" in guest.page()
    assert len({entry["key"] for entry in posts(till)}) == 1


def test_a_gateway_that_refuses_the_request_is_told_and_can_be_asked_again(till: Till) -> None:
    guest = till.guest()
    guest.press()
    with begin() as session:
        refused = {"status": "rejected", "reason": "gateway_rejected", "decided_at": business_now(session)}
        session.execute(update(Payment).values(**refused, next_check_at=None))

    page = guest.page()

    assert "Платёжная система не приняла запрос. Ничего не списано." in page
    assert "Оплатить 3 000,00 ₽" in page


def test_a_payment_begun_in_the_cabinet_with_a_consent_is_not_gone_on_with(till: Till) -> None:
    with begin() as session:
        now = business_now(session)
        consent_id = agree(session, till.agreement, now=now)
        checkout = prepare_checkout(
            session, till.invoice_id, customer_id=till.agreement.customer_id, consent_id=consent_id, now=now
        )
    send_checkout(checkout.payment_id)
    guest = till.guest()

    page = guest.page()

    assert "Счёт уже оплачивают" in page
    assert "страницу оплаты" not in page
    assert guest.get("/go").headers["location"] == till.path
    assert guest.press().headers["location"] == till.path
    assert len(till.payments()) == 1


def test_what_was_begun_in_the_cabinet_without_a_consent_can_be_finished_here(till: Till) -> None:
    with begin() as session:
        now = business_now(session)
        customer_id = till.agreement.customer_id
        checkout = prepare_checkout(session, till.invoice_id, customer_id=customer_id, consent_id=None, now=now)
    send_checkout(checkout.payment_id)
    guest = till.guest()

    assert "Вернуться на страницу оплаты" in guest.page()
    enter_card(gateway_page(guest), GOOD_CARD)
    till.world.play(advance="PT10M")
    assert "Счёт оплачен" in guest.page()


def test_a_closed_invoice_says_so_and_takes_no_money(till: Till) -> None:
    guest = till.guest()
    with begin() as session:
        void_invoice(session, till.invoice_id, by=BOSS, now=business_now(session))

    page = guest.page()

    assert "Счёт закрыт" in page
    assert "платить по нему не нужно" in page
    assert "/payments" not in page
    assert guest.press().headers["location"] == till.path
    assert till.payments() == []
    till.world.jump("P91D")
    old = guest.get()
    assert old.status_code == 410
    assert "Ссылка устарела" in old.text
    assert "3 000,00" not in old.text.replace("\u00a0", " ")


def test_the_return_address_of_the_gateway_leads_a_guest_to_the_link(till: Till, cabinet: Cabinet) -> None:
    guest = till.guest()
    guest.press()
    (payment,) = till.payments()
    back = f"/payments/{payment.return_token}/return"

    assert guest.client.get(back).headers["location"].endswith(till.path)
    stranger = cabinet.visitor("Борис", "boris@example.com")
    assert stranger.get(back).headers["location"].endswith(till.path)


def test_a_customer_without_an_address_is_asked_for_one_and_it_stays_with_the_payment(till: Till) -> None:
    with begin() as session:
        session.execute(update(Customer).values(email=None))
    guest = till.guest()
    assert "Почта для подтверждения оплаты" in guest.page()

    for typed in ("", "не почта", "иван@пример.рф"):
        refused = guest.press(email=typed)
        assert refused.status_code == 422, typed
        assert "<title>Ошибка" in refused.text
        assert typed in refused.text
    assert till.payments() == []

    guest.press(email="accountant@example.com")
    enter_card(gateway_page(guest), GOOD_CARD)
    till.world.play(advance="PT10M")

    (payment,) = till.payments()
    assert payment.receipt_email == "accountant@example.com"
    with begin() as session:
        assert session.get_one(Customer, till.agreement.customer_id).email is None, "whoever pays takes no letters over"
    (letter,) = till.world.letters("accountant@example.com")
    assert "Оплачено" in letter["subject"]
    assert till.path in str(letter)
    assert "Следующее списание" not in str(letter)


def test_the_address_of_a_customer_is_neither_shown_nor_asked_nor_replaced(till: Till) -> None:
    guest = till.guest()
    assert "anna@" not in guest.page()
    assert 'name="email"' not in guest.page()

    guest.press(email="thief@example.com")

    assert till.payments()[0].receipt_email is None


def test_a_payment_under_way_keeps_the_address_it_was_begun_with(till: Till) -> None:
    with begin() as session:
        session.execute(update(Customer).values(email=None))
    guest = till.guest()
    guest.press(email="first@example.com")

    guest.press(email="second@example.com")

    assert till.payments()[0].receipt_email == "first@example.com"


def test_a_guest_is_told_why_an_invoice_of_a_restored_database_cannot_be_paid_yet(till: Till) -> None:
    with begin() as session:
        pause_until_reconciled(session, "из копии", now=business_now(session))
    guest = till.guest()

    assert guest.press().headers["location"] == till.path

    assert "Мы сверяем платежи с ЮKassa" in guest.page()
    assert posts(till) == []
