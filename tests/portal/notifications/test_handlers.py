from __future__ import annotations

from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select

from kernel.db import Session
from kernel.outbox import HINT_TOPIC, OutboxMessage
from payments.autopay.ending import end_contract, resume_contract, suspend_contract
from payments.autopay.holding import pause_autopay, resume_autopay
from payments.autopay.models import Notice
from payments.autopay.notices import announce, mark_notice_sent
from payments.autopay.stopping import suspend_autopays_of, unlink, withdraw
from payments.charging.models import Payment
from payments.customers.registration import CustomerData, change_customer
from payments.events import InvoiceIssued, PaymentSucceeded
from payments.invoicing.links import make_pay_link
from portal.notifications.handlers import HANDLERS, invoice_issued, payment_succeeded
from portal.notifications.models import Message
from portal.web.kit.filters import day_and_month
from tests.portal.notifications.story import BY_HAND, KOPECKS, SUM, begin_story, story_with_autopay


def test_the_first_payment_is_confirmed_and_its_autopay_explained(session: Session) -> None:
    story = story_with_autopay(session)

    paid = story.letter("payment_succeeded")
    agreed = story.letter("autopay_activated")

    assert paid.subject == f"Оплачено {SUM}"
    assert "карта ••\u00a04477" in paid.text_body
    assert "Следующее списание" in paid.text_body
    assert "каждый месяц" in agreed.text_body
    assert f"/autopay/{story.contract.id}/cancel" in agreed.text_body


def test_a_payment_found_in_the_gateways_lists_may_have_been_told_of_before(session: Session) -> None:
    story = story_with_autopay(session)
    told = story.letter("payment_succeeded")
    payment = session.scalars(select(Payment).where(Payment.contract_id == story.contract.id)).one()
    payment.initiator = "gateway"
    session.execute(delete(Message))

    payment_succeeded(session, PaymentSucceeded(payment.id), story.now)

    (found,) = session.scalars(select(Message)).all()
    assert "нашёлся при сверке" not in told.text_body
    for copy in (found.text_body, unescape(found.html_body)):
        assert "второй раз ничего не списано" in copy


def test_a_charge_is_announced_with_sum_date_card_contract_and_ways_out(session: Session) -> None:
    story = story_with_autopay(session)
    notice = story.announce()

    letter = story.letter("charge_announced")

    assert letter.notice_id == notice.id
    assert SUM in letter.subject
    for copy in (letter.text_body, unescape(letter.html_body)):
        assert SUM in copy
        assert "4477" in copy
        assert story.contract.number in copy
        assert "Аренда студии" in copy
        assert f"http://localhost:8000/autopay/{story.contract.id}/cancel" in copy
        assert f"http://localhost:8000/payment-methods/{notice.method_id}/unlink" in copy
    assert str(notice.charge_on.year) in letter.text_body


def test_an_announcement_of_a_later_day_says_which_day_it_replaces(session: Session) -> None:
    story = story_with_autopay(session)
    first = story.announce()
    mark_notice_sent(session, first.id, now=story.now)
    line = story.next_line()

    announce(session, [line.id], now=story.now + timedelta(days=60))  # charging was paused meanwhile

    told, late = [item for item in story.letters() if item.kind == "charge_announced"]
    words = f"Это вместо списания {day_and_month(first.charge_on)}, о котором мы писали раньше"
    assert late.notice_id != told.notice_id
    for copy in (late.text_body, unescape(late.html_body)):
        assert words in copy
    assert "Это вместо списания" not in told.text_body


def test_what_is_left_of_a_partly_paid_invoice_is_asked_for_and_no_charge_of_it_is_promised(session: Session) -> None:
    story = story_with_autopay(session)
    story.announce()
    story.decide(story.pay_by_hand(), "succeeded", kopecks=KOPECKS - 20_000)

    letter = story.letter("invoice_issued")

    assert letter.subject.startswith("По счёту № ")
    for copy in (letter.subject, letter.text_body, unescape(letter.html_body)):
        assert "200,00\u00a0₽" in copy
    assert "пришло 1\u00a0000,00\u00a0₽" in letter.text_body
    assert "charge_announced" not in [item.kind for item in story.letters()]
    assert (
        "Следующее списание" not in [item for item in story.letters() if item.kind == "payment_succeeded"][-1].text_body
    )


def test_an_unlinked_card_brings_one_letter_with_its_contracts_and_the_charge_under_way(session: Session) -> None:
    story = story_with_autopay(session)
    story.charge_by_schedule()
    unlink(session, story.autopay.method_id, customer_id=story.customer.id, evidence=BY_HAND, now=story.now)

    letter = story.letter("method_unlinked")

    assert letter.subject == "Отвязано: карта ••\u00a04477"
    assert f"№ {story.contract.number}, Аренда студии" in letter.text_body
    assert "ушёл в банк раньше" in letter.text_body
    assert "autopay_stopped" not in [item.kind for item in story.letters()]


def test_a_withdrawn_autopay_says_what_happens_to_the_contract(session: Session) -> None:
    story = story_with_autopay(session)
    withdraw(session, story.contract.id, evidence=BY_HAND, now=story.now)

    letter = story.letter("autopay_stopped")

    assert "Вы отключили автоплатёж" in letter.text_body
    assert "оплачивать самостоятельно" in letter.text_body


def test_an_autopay_suspended_without_a_decline_of_its_own_gets_its_own_letter(session: Session) -> None:
    story = story_with_autopay(session)
    suspend_autopays_of(session, story.autopay.method_id, now=story.now)

    assert "приостановлен" in story.letter("autopay_stopped").subject


def test_an_ended_contract_ends_its_charges(session: Session) -> None:
    story = story_with_autopay(session)
    end_contract(session, story.contract.id, now=story.now, source="staff")

    assert "Договор завершён" in story.letter("autopay_stopped").text_body


def test_a_suspended_contract_says_that_its_charges_wait_with_it(session: Session) -> None:
    story = story_with_autopay(session)
    suspend_contract(session, story.contract.id, now=story.now, source="staff")

    letter = story.letter("autopay_stopped")

    assert "Договор приостановлен" in letter.text_body
    assert "Пока договор не возобновят" in letter.text_body


def test_each_suspension_of_a_contract_has_its_letter_though_the_consent_is_the_same(session: Session) -> None:
    story = story_with_autopay(session)
    for hours in (0, 2):
        at = story.now + timedelta(hours=hours)
        suspend_contract(session, story.contract.id, now=at, source="staff")
        assert [item.kind for item in story.letters()].count("autopay_stopped") == 1 + hours // 2
        resume_contract(session, story.contract.id, now=at + timedelta(hours=1), source="staff")

    _tell_again(session)

    assert [item.kind for item in story.letters()].count("autopay_stopped") == 2


def test_a_stop_that_another_stop_has_overtaken_is_told_by_the_other(session: Session) -> None:
    story = story_with_autopay(session)
    suspend_autopays_of(session, story.autopay.method_id, now=story.now)
    withdraw(session, story.contract.id, evidence=BY_HAND, now=story.now + timedelta(hours=1))

    assert "Вы отключили автоплатёж" in story.letter("autopay_stopped").text_body

    _tell_again(session)
    assert [item.kind for item in story.letters()].count("autopay_stopped") == 1


def test_a_pause_by_an_employee_says_that_the_contract_goes_on(session: Session) -> None:
    story = story_with_autopay(session)
    pause_autopay(session, story.contract.id, by=uuid4(), now=story.now)

    letter = story.letter("autopay_stopped")

    assert "приостановлен" in letter.subject
    assert "Мы приостановили автоплатёж" in letter.text_body
    assert "Договор действует" in letter.text_body


def test_the_end_of_an_employees_pause_is_told_as_the_beginning_was(session: Session) -> None:
    story = story_with_autopay(session)
    pause_autopay(session, story.contract.id, by=uuid4(), now=story.now)
    resume_autopay(session, story.contract.id, by=uuid4(), now=story.now + timedelta(hours=1))

    _tell_again(session)

    told = [item.kind for item in story.letters()]
    assert told.count("autopay_activated") == 1, "the one that tells of the present state"
    assert "autopay_stopped" not in told


def test_an_autopay_that_an_employee_resumed_is_not_told_as_one_that_was_agreed_to(session: Session) -> None:
    story = story_with_autopay(session)
    first = [item.subject for item in story.letters() if item.kind == "autopay_activated"]
    pause_autopay(session, story.contract.id, by=uuid4(), now=story.now)
    resume_autopay(session, story.contract.id, by=uuid4(), now=story.now + timedelta(hours=1))

    both = [item for item in story.letters() if item.kind == "autopay_activated"]
    (again,) = [item for item in both if item.subject not in first]
    assert "возобновлён" in again.subject
    assert "Мы возобновили автоплатёж" in again.text_body


def test_an_invoice_asks_for_payment_and_a_paid_one_does_not(session: Session) -> None:
    story = begin_story(session)
    invoice = story.invoice()
    invoice_issued(session, InvoiceIssued(invoice.id), story.now)
    letter = story.letter("invoice_issued")
    assert make_pay_link(session, invoice.id) in letter.text_body
    assert "заплатить нужно вам" in letter.text_body

    other = begin_story(session, email="b@example.com")
    paid = other.invoice()
    paid.status = "paid"
    session.flush()
    invoice_issued(session, InvoiceIssued(paid.id), other.now)
    assert other.letters() == []


def test_one_occasion_brings_one_letter_however_often_it_is_told(session: Session) -> None:
    story = story_with_autopay(session)
    story.announce()
    before = len(story.letters())

    _tell_again(session)

    assert len(story.letters()) == before == 3
    hints = session.scalar(select(func.count()).where(OutboxMessage.topic == HINT_TOPIC))
    assert hints == before


def test_a_customer_without_an_address_is_visible_and_never_charged_in_silence(session: Session) -> None:
    story = story_with_autopay(session, email=None)
    notice = story.announce()

    letter = story.letter("charge_announced")

    assert (letter.status, letter.error, letter.recipient) == ("failed", "нет адреса", "")
    assert notice.sent_at is None
    assert story.next_line().charge_at is None


def test_a_new_address_brings_the_announcement_that_nobody_heard(session: Session) -> None:
    story = story_with_autopay(session, email=None)
    unheard = story.announce()
    story.letters()

    change_customer(session, story.customer.id, CustomerData("Анна Ковалёва", email="new@example.com"))
    letters = [item for item in story.letters() if item.kind == "charge_announced"]

    assert [item.recipient for item in letters] == ["", "new@example.com"]
    assert letters[1].status == "queued"
    assert letters[1].notice_id != unheard.id
    assert session.scalar(select(func.count(Notice.id))) == 2


def test_another_change_of_the_customer_announces_nothing_twice(session: Session) -> None:
    story = story_with_autopay(session)
    story.announce()
    story.letters()

    change_customer(session, story.customer.id, CustomerData("Анна К.", email="anna2@example.com"))

    assert [item.kind for item in story.letters()].count("charge_announced") == 1


def test_names_of_consumers_are_unique_and_stable() -> None:
    names = [handler.consumer for handler in HANDLERS]

    assert len(set(names)) == len(names)
    assert all(name.startswith("notifications.") for name in names)


@pytest.mark.parametrize("title", ["<b>Аренда</b>", 'Школа "Лад" & Co'])
def test_what_people_typed_cannot_become_markup(session: Session, title: str) -> None:
    story = story_with_autopay(session, title=title)

    letter = story.letter("payment_succeeded")

    assert title in letter.text_body
    assert title not in letter.html_body


def test_every_letter_is_kept_with_both_copies(session: Session) -> None:
    story = story_with_autopay(session)
    story.announce()

    letters = story.letters()

    assert all(item.text_body and item.html_body and item.subject for item in letters)
    assert session.scalar(select(func.count(Message.id))) == len(letters)


def _tell_again(session: Session) -> None:
    """Every event so far is delivered once more."""
    for message in session.scalars(select(OutboxMessage).where(OutboxMessage.topic != HINT_TOPIC)):
        message.dispatched_at = None
    session.flush()
