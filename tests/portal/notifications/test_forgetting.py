"""A personal link is in our database only while its letter has still to leave."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update

from kernel.clock import business_now
from kernel.db import begin
from kernel.errors import Refused
from kernel.settings import get_settings
from payments.installation.setup import name_company
from portal.notifications.delivery import send_messages
from portal.notifications.kinds import PRIVATE_KINDS
from portal.notifications.letters import queue_letter
from portal.notifications.models import Message
from portal.notifications.repeating import send_again
from portal.notifications.sweep import sweep_messages
from tests.portal.notifications.conftest import Mailbox
from tests.portal.notifications.story import COMPANY
from tests.portal.notifications.writing import stored, write_letter

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed")]
LINK = "http://localhost:8000/password/reset/very-secret"


def write_link(kind: str = "reset_password") -> UUID:
    with begin() as session:
        name_company(session, COMPANY, get_settings())
        context = {"name": "Анна", "link": LINK}
        message_id = queue_letter(session, kind, "anna@example.com", context, dedupe_key=str(uuid4()))
        assert message_id is not None
        return message_id


def send(message_id: UUID) -> None:
    send_messages([str(message_id)])


def bring_forward(message_id: UUID) -> None:
    with begin() as session:
        an_hour_ago = business_now(session) - timedelta(hours=1)
        session.execute(update(Message).where(Message.id == message_id).values(next_try_at=an_hour_ago))


def keeps_the_link(message_id: UUID) -> bool:
    message = stored(message_id)
    kept = {LINK in body for body in (message.text_body, message.html_body)}
    assert len(kept) == 1
    return kept.pop()


@pytest.mark.parametrize("kind", PRIVATE_KINDS)
def test_a_link_that_was_sent_is_kept_by_its_reader_alone(mailbox: Mailbox, kind: str) -> None:
    message_id = write_link(kind)
    assert keeps_the_link(message_id)

    send(message_id)

    assert stored(message_id).status == "sent"
    assert not keeps_the_link(message_id)
    assert LINK in mailbox.letters[-1]["text"]


def test_a_letter_that_failed_keeps_no_link_and_is_not_sent_again(mailbox: Mailbox) -> None:
    message_id = write_link()
    mailbox.fail("reject_5xx", times=1)

    send(message_id)

    assert stored(message_id).status == "failed"
    assert not keeps_the_link(message_id)
    with begin() as session, pytest.raises(Refused, match="запрос"):
        send_again(session, message_id, now=business_now(session))


def test_a_link_that_has_still_to_leave_is_kept(mailbox: Mailbox) -> None:
    message_id = write_link()
    mailbox.fail("reject_4xx", times=1)

    send(message_id)
    assert stored(message_id).status == "queued"
    assert keeps_the_link(message_id)
    bring_forward(message_id)
    send(message_id)

    assert LINK in mailbox.letters[-1]["text"]
    assert not keeps_the_link(message_id)


def test_a_second_doubt_ends_the_link_too(mailbox: Mailbox) -> None:
    message_id = write_link()
    mailbox.fail("drop_after_data", times=2)

    send(message_id)
    assert stored(message_id).status == "uncertain"
    assert keeps_the_link(message_id)
    bring_forward(message_id)
    send(message_id)

    assert stored(message_id).status == "failed"
    assert not keeps_the_link(message_id)


def test_so_does_a_second_death_with_the_letter_in_hand() -> None:
    message_id = write_link()

    for kept in (True, False):
        with begin() as session:
            dead = text("clock_timestamp() - interval '1 second'")
            session.execute(update(Message).where(Message.id == message_id).values(status="sending", lease_until=dead))
        sweep_messages(lambda _job, _ids: None)
        assert keeps_the_link(message_id) is kept


def test_other_letters_stay_as_they_were_sent(mailbox: Mailbox) -> None:
    message_id = write_letter()
    before = stored(message_id).text_body, stored(message_id).html_body

    send(message_id)

    assert (stored(message_id).text_body, stored(message_id).html_body) == before
    assert "Оплатить" in before[1]
