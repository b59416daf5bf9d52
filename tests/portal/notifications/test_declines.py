"""Letters about charges that brought nothing: why, what follows, and what is asked for by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest

from kernel.clock import business_now
from kernel.db import Session
from kernel.settings import get_settings
from payments.autopay.ending import end_contract, suspend_contract
from payments.autopay.holding import pause_autopay
from payments.autopay.stopping import withdraw
from payments.charging.models import Payment
from payments.charging.recording import give_up_unfound
from payments.events import PaymentDeclined
from payments.invoicing.links import make_pay_link
from payments.invoicing.models import Invoice
from portal.notifications.handlers import payment_declined
from tests.portal.notifications.story import BY_HAND, SUM, Story, begin_story, story_with_autopay

Stop = Callable[[Story], object]
STOPS: dict[str, Stop] = {
    "withdrawn": lambda it: withdraw(it.session, it.contract.id, evidence=BY_HAND, now=it.now),
    "held": lambda it: pause_autopay(it.session, it.contract.id, by=uuid4(), now=it.now),
    "contract suspended": lambda it: suspend_contract(it.session, it.contract.id, now=it.now, source="staff"),
    "contract ended": lambda it: end_contract(it.session, it.contract.id, now=it.now, source="staff"),
}


def test_a_decline_names_the_reason_the_next_attempt_and_that_nothing_was_taken(session: Session) -> None:
    story = story_with_autopay(session)
    payment_id = story.charge_by_schedule()
    story.decide(payment_id, "canceled", "insufficient_funds")

    letter = story.letter("payment_declined")

    assert letter.payment_id == payment_id
    assert "На счёте не хватило денег." in letter.text_body
    assert "Ничего не списано." in letter.text_body
    assert "Попробуем ещё раз сами" in letter.text_body
    assert "insufficient_funds" not in letter.text_body + letter.html_body


@pytest.mark.parametrize(
    ("stop", "what_follows"),
    [
        ("withdrawn", "Автоплатёж отключён, сами мы больше ничего не спишем"),
        ("held", "Автоплатёж приостановлен, и этот счёт мы сами не спишем"),
        ("contract suspended", "Автоплатёж приостановлен, и этот счёт мы сами не спишем"),
        ("contract ended", "Автоплатёж отключён, сами мы больше ничего не спишем"),
    ],
)
def test_a_decline_promises_no_attempt_that_a_stop_has_overtaken(
    session: Session, stop: str, what_follows: str
) -> None:
    story = story_with_autopay(session)
    story.decide(story.charge_by_schedule(), "canceled", "insufficient_funds")
    STOPS[stop](story)

    letter = story.letter("payment_declined")

    for copy in (letter.text_body, unescape(letter.html_body)):
        assert "Попробуем ещё раз" not in copy
        assert what_follows in copy
        assert "/cancel" not in copy


def test_a_decline_promises_no_attempt_with_a_card_that_came_after_it(session: Session) -> None:
    story = story_with_autopay(session)
    story.decide(story.charge_by_schedule(), "canceled", "insufficient_funds")
    withdraw(session, story.contract.id, evidence=BY_HAND, now=story.now)
    story.autopay.status = "active"  # agreed to anew: what was asked for before is paid by hand

    assert "Сами списать этот счёт мы больше не попробуем" in story.letter("payment_declined").text_body


def test_a_decline_whose_next_attempt_is_under_way_does_not_say_that_there_will_be_none(session: Session) -> None:
    story = story_with_autopay(session)
    story.decide(story.charge_by_schedule(), "canceled", "insufficient_funds")
    story.charge_by_schedule()
    story.next_line().charge_at = None

    assert "Попробуем ещё раз сами" in story.letter("payment_declined").text_body


def test_a_dead_card_gets_one_letter_that_tells_of_the_decline_and_of_the_autopay(session: Session) -> None:
    story = story_with_autopay(session)
    story.decide(story.charge_by_schedule(), "canceled", "card_expired")

    letter = story.letter("payment_declined")

    assert "Срок действия карты истёк" in letter.text_body
    assert "Автоплатёж приостановлен" in letter.text_body
    assert "Попробуем ещё раз" not in letter.text_body
    assert "autopay_stopped" not in [item.kind for item in story.letters()]


def test_a_page_that_was_left_is_not_called_a_refusal(session: Session) -> None:
    story = begin_story(session)
    story.decide(story.pay_by_hand(), "canceled", "expired_on_confirmation")

    letter = story.letter("payment_declined")

    assert letter.subject == f"Оплата {SUM} не завершена"
    assert "банк" not in letter.text_body.lower()
    assert "Ничего не списано." in letter.text_body


def test_what_we_could_not_send_is_not_blamed_on_the_card(session: Session) -> None:
    story = begin_story(session)
    payment_id = story.pay_by_hand()
    session.get_one(Payment, payment_id).status = "rejected"
    session.flush()

    payment_declined(session, PaymentDeclined(payment_id), story.now)

    assert "на нашей стороне" in story.letter("payment_declined").text_body


def test_what_we_held_back_ourselves_brings_no_letter(session: Session) -> None:
    story = begin_story(session)
    payment_id = story.pay_by_hand()
    payment = session.get_one(Payment, payment_id)
    payment.status, payment.reason = "rejected", "withdrawn"
    session.flush()

    payment_declined(session, PaymentDeclined(payment_id), story.now)

    assert story.letters() == []


@pytest.mark.parametrize("reason", ["gateway_rejected", "given_up"])
def test_a_charge_that_the_gateway_never_took_is_told_as_our_own_fault(session: Session, reason: str) -> None:
    story = story_with_autopay(session)
    payment_id = story.charge_by_schedule()
    payment = session.get_one(Payment, payment_id)
    payment.status, payment.reason, payment.decided_at = "rejected", reason, story.now
    session.flush()

    payment_declined(session, PaymentDeclined(payment_id), story.now)

    letter = story.letter("payment_declined")
    assert "неполадка на нашей стороне" in letter.text_body
    assert "Ничего не списано." in letter.text_body
    assert make_pay_link(session, payment.invoice_id) in letter.text_body


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS.keys())
def test_what_was_under_way_at_a_stop_and_never_was_is_asked_for_by_hand(session: Session, stop: Stop) -> None:
    story = story_with_autopay(session)
    payment = _of_unknown_outcome(session, story)
    stop(story)
    assert make_pay_link(session, payment.invoice_id) not in story.letter("autopay_stopped").text_body

    _prove_absent(session, payment)

    letter = story.letter("invoice_issued")
    assert letter.subject.startswith("Счёт № ")
    assert "заплатить нужно вам" in letter.text_body
    assert make_pay_link(session, payment.invoice_id) in letter.text_body
    assert "payment_declined" not in [item.kind for item in story.letters()]


def test_what_never_was_is_not_asked_for_when_its_invoice_is_closed(session: Session) -> None:
    story = story_with_autopay(session)
    payment = _of_unknown_outcome(session, story)
    withdraw(session, story.contract.id, evidence=BY_HAND, now=story.now)
    session.get_one(Invoice, payment.invoice_id).status = "void"

    _prove_absent(session, payment)

    assert "invoice_issued" not in [item.kind for item in story.letters()]


def _of_unknown_outcome(session: Session, story: Story) -> Payment:
    """A charge that left a day ago and was not answered."""
    payment = session.get_one(Payment, story.charge_by_schedule())
    payment.status, payment.sends, payment.permit_at = "unknown", 1, story.now - timedelta(days=1)
    session.flush()
    return payment


def _prove_absent(session: Session, payment: Payment) -> None:
    now, shop = business_now(session), get_settings().yookassa_shop_id
    assert give_up_unfound(session, payment.id, listed_at=now, account_id=shop)
    session.flush()
