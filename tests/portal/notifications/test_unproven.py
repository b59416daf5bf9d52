"""A database that came from a backup speaks of no money to come before it is proven: it may have come already."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select, update

from kernel.clock import business_now
from kernel.db import Session, begin
from payments.installation.models import Installation
from payments.invoicing.voiding import void_invoices
from portal.notifications.asking import ask_to_pay
from portal.notifications.delivery import send_messages
from portal.notifications.models import TO_SEND, Message
from portal.notifications.outage import mail_is_away
from portal.notifications.sweep import sweep_messages
from portal.notifications.troubles import PAID_MEANWHILE
from tests.portal.notifications.conftest import Mailbox
from tests.portal.notifications.story import Story, begin_story, story_with_autopay
from tests.portal.notifications.writing import stored

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed")]


def _warning(session: Session) -> UUID:
    story = story_with_autopay(session)
    story.announce()
    return story.letter("charge_announced").id


def _request(session: Session) -> UUID:
    letter_id = ask_to_pay(session, begin_story(session).invoice().id)
    assert letter_id
    return letter_id


def _prove(session: Session, *, proven: bool) -> None:
    session.execute(update(Installation).values(unproven_since=None if proven else business_now(session)))


@pytest.mark.parametrize("write", [_warning, _request])
def test_a_letter_of_money_to_come_waits_until_the_database_is_proven(
    mailbox: Mailbox, write: Callable[[Session], UUID]
) -> None:
    with begin() as session:
        letter_id = write(session)
        session.execute(update(Message).where(Message.id != letter_id).values(status="sent"))
        session.execute(update(Message).values(lease_until=None))
        _prove(session, proven=False)
        assert session.scalars(select(Message.id).where(TO_SEND.due())).all() == []
    send_messages([str(letter_id)])
    assert sweep_messages(lambda *_: None) == 0
    assert (stored(letter_id).status, mailbox.letters) == ("queued", [])

    with begin() as session:
        _prove(session, proven=True)
    send_messages([str(letter_id)])

    assert (stored(letter_id).status, len(mailbox.letters)) == ("sent", 1)


def test_any_other_letter_leaves_meanwhile(mailbox: Mailbox) -> None:
    with begin() as session:
        letter_id = story_with_autopay(session).letter("payment_succeeded").id
        _prove(session, proven=False)

    send_messages([str(letter_id)])

    assert stored(letter_id).status == "sent"


def test_whoever_has_paid_meanwhile_is_not_asked_to(mailbox: Mailbox) -> None:
    with begin() as session:
        story = begin_story(session)
        invoice = story.invoice()
        letter_id = ask_to_pay(session, invoice.id)
    with begin() as session:
        now = business_now(session)
        again = Story(session, session.merge(story.customer), session.merge(story.contract))
        void_invoices(session, [again.invoice().id], line_status="skipped", source="staff", now=now)

    send_messages([str(letter_id)])

    assert letter_id
    assert (stored(letter_id).status, stored(letter_id).error, stored(letter_id).tries) == ("failed", PAID_MEANWHILE, 0)
    assert mailbox.letters == []
    with begin() as session:
        assert not mail_is_away(session), "a letter that was not tried says nothing about the server"
