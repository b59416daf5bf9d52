from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from kernel import clock
from kernel.clock import business_now
from kernel.db import begin
from kernel.inbox import Handlers
from kernel.relay import relay_once
from payments.autopay.models import Notice
from payments.contracts.models import Installment
from portal.notifications.delivery import LADDER, claim, record, send_messages
from portal.notifications.models import Message
from portal.notifications.smtp import Accepted, Refused
from portal.notifications.sweep import sweep_messages
from tests.portal.notifications.conftest import Mailbox
from tests.portal.notifications.story import story_with_autopay
from tests.portal.notifications.writing import stored, write_letter
from tests.support.blocking import meanwhile

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed")]
MINUTE = timedelta(minutes=1)


def send(*ids: UUID) -> None:
    send_messages([str(item) for item in ids])


def play(step: timedelta) -> None:
    """Let business time pass."""
    with begin() as session:
        clock.set_shift(session, clock._shift + step)


def write_notice() -> tuple[UUID, UUID]:
    """A customer's charge is announced; ids of the letter and of the notice."""
    with begin() as session:
        story = story_with_autopay(session)
        notice = story.announce()
        letter = story.letter("charge_announced")
        session.execute(update(Message).where(Message.id != letter.id).values(status="sent"))
        return letter.id, notice.id


def charge_of(notice_id: UUID) -> tuple[Notice, Installment]:
    with begin() as session:
        notice = session.get_one(Notice, notice_id)
        return notice, session.get_one(Installment, notice.installment_id)


def test_a_letter_arrives_once_with_its_own_id(mailbox: Mailbox) -> None:
    message_id = write_letter()

    send(message_id)
    send(message_id)

    message = stored(message_id)
    assert (message.status, message.tries, message.error) == ("sent", 1, None)
    [letter] = mailbox.letters
    assert letter["copies"] == 1
    assert letter["to"] == "anna@example.com"
    assert letter["subject"] == message.subject
    assert letter["text"].replace("\r\n", "\n") == message.text_body
    assert "Оплатить" in letter["html"]
    assert letter["headers"]["Message-ID"] == f"<{message_id}@localhost>"
    assert letter["headers"]["Auto-Submitted"] == "auto-generated"


def test_an_acceptance_that_meets_a_deadlock_is_recorded_all_the_same(mailbox: Mailbox) -> None:
    message_id, notice_id = write_notice()

    with begin() as other:
        other.execute(select(Notice.id).where(Notice.id == notice_id).with_for_update())
        with meanwhile(lambda: send(message_id)) as sending:
            other.execute(select(Message.id).where(Message.id == message_id).with_for_update())
            other.rollback()
            sending.result()

    assert stored(message_id).status == "sent"
    assert charge_of(notice_id)[0].sent_at is not None
    assert [letter["copies"] for letter in mailbox.letters] == [1]


def test_a_batch_uses_one_line_and_one_refusal_stops_nobody_else(mailbox: Mailbox) -> None:
    mailbox.fail("reject_5xx", times=1)
    first, second, third = (write_letter(f"{name}@example.com") for name in ("a", "b", "c"))

    send(first, second, third)

    assert [stored(item).status for item in (first, second, third)] == ["failed", "sent", "sent"]
    assert "550" in (stored(first).error or "")
    assert [letter["to"] for letter in mailbox.letters] == ["b@example.com", "c@example.com"]


def test_a_letter_for_no_possible_address_fails_without_a_call(mailbox: Mailbox) -> None:
    message_id = write_letter("почта@example.com")

    send(message_id)

    assert (stored(message_id).status, stored(message_id).error) == ("failed", "адрес записан неверно")
    assert mailbox.letters == []


def test_a_temporary_refusal_is_tried_again_on_the_ladder(mailbox: Mailbox) -> None:
    mailbox.fail("reject_4xx", times=2)
    message_id = write_letter()

    send(message_id)
    message = stored(message_id)
    assert (message.status, message.tries) == ("queued", 1)
    assert "451" in (message.error or "")
    assert message.lease_until is None

    send(message_id)
    assert stored(message_id).tries == 1, "not before its time"

    play(LADDER[0])
    send(message_id)
    play(LADDER[1])
    send(message_id)

    assert (stored(message_id).status, stored(message_id).tries) == ("sent", 3)
    assert mailbox.letters[0]["copies"] == 1


def test_a_server_that_comes_back_gets_everything(mailbox: Mailbox) -> None:
    mailbox.fail("down")
    ids = [write_letter(f"{n}@example.com") for n in range(3)]
    send(*ids)
    assert {stored(item).status for item in ids} == {"queued"}

    mailbox.mend()
    play(LADDER[0])
    send(*ids)

    assert {stored(item).status for item in ids} == {"sent"}
    assert [letter["copies"] for letter in mailbox.letters] == [1, 1, 1]


def test_after_two_days_without_a_server_the_letter_fails_and_the_charge_still_waits(mailbox: Mailbox) -> None:
    mailbox.fail("down")
    letter_id, notice_id = write_notice()

    for pause in LADDER:
        send(letter_id)
        assert stored(letter_id).status == "queued"
        notice, line = charge_of(notice_id)
        assert (notice.sent_at, line.charge_at) == (None, None)
        play(pause)
    send(letter_id)

    assert stored(letter_id).status == "failed"
    assert sum(LADDER, timedelta(0)) >= timedelta(hours=47)
    assert charge_of(notice_id)[0].sent_at is None


def test_the_ladder_spans_two_days_from_a_minute_to_four_hours() -> None:
    assert LADDER[:7] == tuple(timedelta(minutes=n) for n in (1, 5, 15, 30, 60, 120, 240))
    assert timedelta(hours=47) < sum(LADDER, timedelta(0)) <= timedelta(hours=48)


def test_a_notice_counts_from_the_moment_its_letter_was_accepted(mailbox: Mailbox) -> None:
    mailbox.fail("reject_4xx", times=1)
    letter_id, notice_id = write_notice()

    send(letter_id)
    assert charge_of(notice_id)[0].sent_at is None

    play(LADDER[0])
    send(letter_id)
    notice, line = charge_of(notice_id)
    assert notice.sent_at == stored(letter_id).sent_at
    assert notice.sent_at is not None
    assert line.charge_at is not None
    assert line.charge_at >= notice.sent_at + timedelta(hours=72)


def test_a_line_dropped_after_the_text_is_repeated_once_with_the_same_id(mailbox: Mailbox) -> None:
    mailbox.fail("drop_after_data", times=1)
    letter_id, notice_id = write_notice()

    send(letter_id)
    assert stored(letter_id).status == "uncertain"
    assert charge_of(notice_id)[0].sent_at is None, "nobody said that it was accepted"

    play(MINUTE)
    send(letter_id)

    assert stored(letter_id).status == "sent"
    assert charge_of(notice_id)[0].sent_at is not None
    [letter] = mailbox.letters
    assert letter["copies"] == 2


def test_a_second_doubt_ends_in_a_failure_that_staff_see(mailbox: Mailbox) -> None:
    mailbox.fail("drop_after_data")
    letter_id, notice_id = write_notice()

    for _ in range(4):
        send(letter_id)
        play(timedelta(hours=5))

    message = stored(letter_id)
    assert (message.status, message.tries) == ("failed", 2)
    assert message.error
    assert charge_of(notice_id)[0].sent_at is None
    assert [letter["copies"] for letter in mailbox.letters] == [2]


def test_a_doubtful_letter_stays_doubtful_while_the_server_is_away(mailbox: Mailbox) -> None:
    mailbox.fail("drop_after_data", times=1)
    message_id = write_letter()
    send(message_id)
    mailbox.fail("down", times=1)

    play(MINUTE)
    send(message_id)
    assert stored(message_id).status == "uncertain"

    play(timedelta(hours=1))
    mailbox.fail("drop_after_data", times=1)
    send(message_id)
    assert stored(message_id).status == "failed", "the second doubt, however long after the first"
    assert [letter["copies"] for letter in mailbox.letters] == [2]


def test_an_acceptance_counts_even_when_the_lease_had_run_out(mailbox: Mailbox) -> None:
    message_id = write_letter()
    with begin() as session:
        letter = claim(session, message_id)
    assert letter is not None
    expire_lease(message_id)
    sweep_messages(lambda _job, _ids: None)
    assert stored(message_id).status == "uncertain"

    with begin() as session:
        record(session, letter, Refused("550 late news of a lost claim"), now=business_now(session))
    assert stored(message_id).status == "uncertain"
    with begin() as session:
        record(session, letter, Accepted(), now=business_now(session))
    assert stored(message_id).status == "sent"
    send(message_id)
    assert mailbox.letters == []


def test_the_relay_brings_a_committed_letter_to_the_server(mailbox: Mailbox) -> None:
    message_id = write_letter()

    relay_once(Handlers([]), lambda _job, ids: send(*ids))  # type: ignore[arg-type]  # ids of letters are UUIDs

    assert stored(message_id).status == "sent"
    assert len(mailbox.letters) == 1


def test_the_sweep_finds_a_letter_whose_hint_was_lost_and_hints_once(mailbox: Mailbox) -> None:
    message_id = write_letter()
    hinted: list[tuple[str, list[UUID | int]]] = []

    def keep(job: str, ids: object) -> None:
        hinted.append((job, list(ids)))  # type: ignore[call-overload]

    assert sweep_messages(keep) == 0, "its own hint is fresh"
    expire_lease(message_id)
    assert sweep_messages(keep) == 1
    assert sweep_messages(keep) == 0, "not every second"
    assert hinted == [("mail", [message_id])]


def test_the_sweep_leaves_what_is_not_due_and_what_is_being_sent(mailbox: Mailbox) -> None:
    mailbox.fail("reject_4xx", times=1)
    put_off, sending = write_letter(), write_letter("b@example.com")
    send(put_off)
    with begin() as session:
        claim(session, sending)

    assert sweep_messages(lambda _job, _ids: None) == 0
    play(LADDER[0])
    assert sweep_messages(lambda _job, _ids: None) == 1


def test_hints_name_at_most_a_hundred_letters(mailbox: Mailbox) -> None:
    first = write_letter()
    with begin() as session:
        session.execute(
            text(
                "INSERT INTO messages (id, kind, dedupe_key, recipient, subject, text_body, html_body, status, tries)"
                " SELECT gen_random_uuid(), kind, 'copy:' || n, recipient, subject, text_body, html_body, status, 0"
                " FROM messages, generate_series(1, 249) n"
            )
        )
    expire_lease(first)
    sizes: list[int] = []

    found = sweep_messages(lambda _job, ids: sizes.append(len(ids)))

    assert found == sum(sizes) == 250
    assert max(sizes) <= 100


def expire_lease(message_id: UUID) -> None:
    with begin() as session:
        session.execute(
            update(Message)
            .where(Message.id == message_id)
            .values(lease_until=text("clock_timestamp() - interval '1 second'"))
        )
        assert session.scalar(select(Message.lease_until).where(Message.id == message_id)) is not None
