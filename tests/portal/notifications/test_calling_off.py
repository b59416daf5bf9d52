"""A warning never leaves once its charge is off; whoever was warned of a charge that is skipped is told so, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from kernel import clock
from kernel.clock import business_date, business_now
from kernel.db import Session, begin
from payments.autopay.ending import end_contract, suspend_contract
from payments.autopay.models import Notice
from payments.autopay.notices import mark_notice_sent
from payments.autopay.stopping import suspend_autopays_of, unlink, withdraw
from payments.contracts.models import Installment
from payments.contracts.planning import notice_time
from payments.invoicing.lapsing import lapse_unpaid
from payments.invoicing.skipping import skip_installment
from payments.invoicing.voiding import void_invoices
from portal.notifications.delivery import send_messages
from portal.notifications.models import Message
from portal.notifications.outage import mail_is_away
from portal.notifications.troubles import CALLED_OFF, TOO_LATE
from tests.portal.notifications.conftest import Mailbox
from tests.portal.notifications.story import BY_HAND, Story, begin_story, story_with_autopay
from tests.portal.notifications.writing import stored

Stop = Callable[[Session, Story], object]


def _withdrawn(session: Session, story: Story) -> None:
    withdraw(session, story.contract.id, evidence=BY_HAND, now=story.now)


def _unlinked(session: Session, story: Story) -> None:
    unlink(session, story.autopay.method_id, customer_id=story.customer.id, evidence=BY_HAND, now=story.now)


def _card_died(session: Session, story: Story) -> None:
    suspend_autopays_of(session, story.autopay.method_id, now=story.now)


def _suspended(session: Session, story: Story) -> None:
    suspend_contract(session, story.contract.id, now=story.now, source="staff")


def _ended(session: Session, story: Story) -> None:
    end_contract(session, story.contract.id, now=story.now, source="staff")


def _voided(session: Session, story: Story) -> None:
    void_invoices(session, [story.invoice().id], line_status="skipped", source="staff", now=story.now)


STOPS = (_withdrawn, _unlinked, _card_died, _suspended, _ended, _voided)


def _skip(session: Session, story: Story, line_id: UUID) -> None:
    """Its day has passed, and an employee lets the customer off."""
    session.execute(update(Installment).where(Installment.id == line_id).values(due_on=story.now.date() - _TWO_DAYS))
    assert skip_installment(session, line_id, by=uuid4(), now=story.now)


_TWO_DAYS = timedelta(days=2)


@pytest.mark.committed
@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("stop", STOPS)
def test_a_queued_warning_does_not_leave_after_its_charge_is_off(mailbox: Mailbox, stop: Stop) -> None:
    with begin() as session:
        story = story_with_autopay(session)
        notice_id = story.announce().id
        letter_id = story.letter("charge_announced").id
        session.execute(update(Message).where(Message.id != letter_id).values(status="sent"))
    with begin() as session:
        stop(session, Story(session, session.merge(story.customer), session.merge(story.contract)))

    send_messages([str(letter_id)])

    letter = stored(letter_id)
    assert (letter.status, letter.error, letter.tries) == ("failed", CALLED_OFF, 0)
    assert mailbox.letters == []
    with begin() as session:
        assert session.get_one(Notice, notice_id).sent_at is None
        assert not mail_is_away(session)


@pytest.mark.committed
@pytest.mark.usefixtures("committed")
def test_a_warning_that_was_put_off_is_called_off_when_its_turn_comes(mailbox: Mailbox) -> None:
    mailbox.fail("reject_4xx", times=1)
    with begin() as session:
        story = story_with_autopay(session)
        story.announce()
        letter_id = story.letter("charge_announced").id
    send_messages([str(letter_id)])
    with begin() as session:
        withdraw(session, story.contract.id, evidence=BY_HAND, now=business_now(session))
        clock.set_shift(session, timedelta(minutes=2))

    send_messages([str(letter_id)])

    assert (stored(letter_id).status, stored(letter_id).error) == ("failed", CALLED_OFF)
    assert mailbox.letters == []


@pytest.mark.committed
@pytest.mark.usefixtures("committed")
def test_a_warning_whose_day_has_come_too_near_is_written_anew_for_a_later_one(mailbox: Mailbox) -> None:
    with begin() as session:
        story = story_with_autopay(session)
        first = story.announce()
        letter_id = story.letter("charge_announced").id
        line_id, day = first.installment_id, first.charge_on
        until_then = day - business_date(business_now(session))
        clock.set_shift(session, until_then)

    send_messages([str(letter_id)])

    assert (stored(letter_id).status, stored(letter_id).error, mailbox.letters) == ("failed", TOO_LATE, [])
    with begin() as session:
        notices = session.scalars(select(Notice).where(Notice.installment_id == line_id).order_by(Notice.id)).all()
        assert [notice.sent_at for notice in notices] == [None, None]
        assert notices[1].charge_on == business_date(business_now(session) + notice_time(session)) > day
        assert session.get_one(Installment, line_id).charge_at is None, "it waits for the new letter"
        session.execute(update(Message).where(Message.id == letter_id).values(status="queued"))  # sent again by hand

    send_messages([str(letter_id)])

    with begin() as session:
        again = session.scalars(select(Notice.id).where(Notice.installment_id == line_id)).all()
    assert (len(again), mailbox.letters) == (2, []), "the newer warning stands"


@pytest.mark.parametrize("stop", STOPS)
def test_a_warning_is_not_even_written_for_a_charge_that_is_off(session: Session, stop: Stop) -> None:
    story = story_with_autopay(session)
    story.announce()
    stop(session, story)

    assert "charge_announced" not in [letter.kind for letter in story.letters()]


def test_whoever_was_warned_of_a_skipped_charge_is_told_once_that_it_will_not_happen(session: Session) -> None:
    story = story_with_autopay(session)
    notice = story.announce()
    mark_notice_sent(session, notice.id, now=story.now)
    number = story.invoice().number
    _skip(session, story, notice.installment_id)

    letter = story.letter("charge_called_off")

    assert letter.recipient == "anna@example.com"
    assert letter.subject == "Списания 1\u00a0200,00\u00a0₽ не будет"
    for copy in (letter.text_body, letter.html_body):
        assert number in copy
        assert "аннулирован, платить по нему не нужно" in copy
        assert story.contract.number in copy
    assert len([item for item in story.letters() if item.kind == "charge_called_off"]) == 1


def test_nobody_hears_of_a_skipped_charge_that_he_was_never_warned_of(session: Session) -> None:
    story = story_with_autopay(session)
    _skip(session, story, story.announce().installment_id)

    assert "charge_called_off" not in [letter.kind for letter in story.letters()]


def test_a_purchase_that_lapsed_brings_no_letter(session: Session) -> None:
    story = begin_story(session)
    invoice = story.invoice()
    later = story.now + timedelta(days=5)
    invoice.lapses_at = story.now - timedelta(days=1)
    session.flush()

    assert lapse_unpaid(session, now=later) == 1

    assert story.letters() == []
    assert session.scalars(select(Message)).all() == []
