from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from kernel import clock
from kernel.db import begin, read
from kernel.settings import get_settings
from portal.notifications.delivery import LADDER, send_messages
from portal.notifications.outage import mail_is_away
from tests.portal.notifications.conftest import Mailbox
from tests.portal.notifications.writing import stored, write_letter

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed")]


def send(*ids: UUID) -> None:
    send_messages([str(item) for item in ids])


def play(step: timedelta) -> None:
    with begin() as session:
        clock.set_shift(session, clock._shift + step)


def away() -> bool:
    with read() as session:
        return mail_is_away(session)


def test_nothing_is_said_before_anything_was_tried(mailbox: Mailbox) -> None:
    write_letter()

    assert not away()


def test_a_server_that_is_down_is_away_until_a_letter_leaves(mailbox: Mailbox) -> None:
    mailbox.fail("down")
    first = write_letter()
    send(first)
    assert away()

    mailbox.mend()
    second = write_letter("b@example.com")
    send(second)
    assert stored(second).status == "sent"
    assert not away(), "the first letter waits for its minute, but letters leave again"


def test_a_server_that_goes_away_again_is_noticed_by_an_old_letter(mailbox: Mailbox) -> None:
    mailbox.fail("down", times=1)
    old = write_letter()
    send(old)
    send(write_letter("b@example.com"))
    assert not away()

    mailbox.fail("down")
    play(LADDER[0])
    send(old)

    assert away()


def test_a_letter_that_the_server_refuses_or_puts_off_is_no_outage(mailbox: Mailbox) -> None:
    mailbox.fail("reject_4xx", times=1)
    send(write_letter())
    assert not away()

    mailbox.fail("reject_5xx", times=1)
    send(write_letter("b@example.com"))
    assert not away()


def test_people_read_a_reason_and_not_what_the_machine_said(mailbox: Mailbox) -> None:
    mailbox.fail("down")
    message_id = write_letter()
    send(message_id)

    assert stored(message_id).error == "почтовый сервер оборвал связь"


def test_a_port_where_nobody_listens_is_told_so(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_SMTP_URL", "smtp://127.0.0.1:9")
    get_settings.cache_clear()
    message_id = write_letter()
    send(message_id)

    assert stored(message_id).error == "почтовый сервер недоступен"
    assert away()
