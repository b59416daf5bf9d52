"""The next charge that a letter names is one that will come, on the day on which it will."""

from __future__ import annotations

from datetime import timedelta

from kernel.clock import business_date
from kernel.db import Session
from payments.autopay.models import PaymentMethod
from payments.autopay.notices import mark_notice_sent
from payments.contracts.planning import notice_time
from payments.events import PaymentSucceeded
from payments.installation.models import Installation
from portal.notifications import reading
from portal.notifications.facts import NextCharge
from portal.notifications.handlers import payment_succeeded
from portal.web.kit.filters import date_text
from tests.portal.notifications.story import KOPECKS, Story, story_with_autopay

DAY = timedelta(days=1)


def _next(story: Story) -> NextCharge | None:
    story.session.flush()
    return reading.next_charge(story.session, story.contract.id, now=story.now)


def test_a_line_whose_announcement_is_ahead_is_charged_on_its_due_date(session: Session) -> None:
    story = story_with_autopay(session)

    assert _next(story) == NextCharge(story.next_line().due_on, KOPECKS)


def test_a_line_that_is_late_is_charged_when_its_warning_has_had_its_time(session: Session) -> None:
    story = story_with_autopay(session)
    line = story.next_line()
    line.due_on = business_date(story.now) - 10 * DAY
    line.issue_at = story.now - 13 * DAY

    assert _next(story) == NextCharge(business_date(story.now + notice_time(session)), KOPECKS)


def test_a_debt_that_is_paid_by_hand_is_no_charge_to_come(session: Session) -> None:
    story = story_with_autopay(session)
    story.invoice()

    assert _next(story) is None


def test_what_was_announced_under_an_earlier_permission_is_no_charge_to_come(session: Session) -> None:
    story = story_with_autopay(session)
    story.announce()
    assert _next(story) is not None

    story.autopay.changed_at = story.now + timedelta(seconds=1)

    assert _next(story) is None


def test_an_announced_line_is_charged_on_the_day_that_its_warning_names(session: Session) -> None:
    story = story_with_autopay(session)
    notice = story.announce()
    notice.charge_on += 2 * DAY

    assert _next(story) == NextCharge(notice.charge_on, KOPECKS)


def test_a_charge_that_is_due_is_never_named_for_a_day_that_is_over(session: Session) -> None:
    story = story_with_autopay(session)
    mark_notice_sent(session, story.announce().id, now=story.now)
    story.next_line().charge_at = story.now - 2 * DAY

    assert _next(story) == NextCharge(business_date(story.now), KOPECKS)


def test_no_day_is_named_for_a_charge_that_is_due_and_waits_for_the_end_of_a_pause(session: Session) -> None:
    story = story_with_autopay(session)
    mark_notice_sent(session, story.announce().id, now=story.now)
    session.get_one(Installation, 1).charging_paused = True
    story.next_line().charge_at = story.now + 2 * DAY
    assert _next(story) is not None

    story.next_line().charge_at = story.now - DAY

    assert _next(story) is None


def test_a_charge_that_is_under_way_is_not_the_next_one(session: Session) -> None:
    story = story_with_autopay(session)
    story.charge_by_schedule()

    assert _next(story) is None


def test_a_card_that_works_no_more_has_no_next_charge(session: Session) -> None:
    story = story_with_autopay(session)
    session.get_one(PaymentMethod, story.autopay.method_id).disabled_reason = "card_expired"

    assert _next(story) is None


def test_the_confirmation_of_a_late_payment_names_no_past_day(session: Session) -> None:
    story = story_with_autopay(session)
    payment_id = story.charge_by_schedule()
    story.decide(payment_id, "succeeded")
    line = story.next_line()
    line.due_on, line.issue_at = business_date(story.now) - DAY, story.now - 4 * DAY
    session.flush()

    payment_succeeded(session, PaymentSucceeded(payment_id), story.now)

    told = [item for item in story.letters() if item.payment_id == payment_id][-1].text_body
    assert f"Следующее списание: {date_text(business_date(story.now + notice_time(session)))}" in told
