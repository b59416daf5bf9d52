from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from kernel import outbox
from kernel.db import Session
from kernel.outbox import HINT_TOPIC, OutboxMessage
from kernel.settings import get_settings
from payments.installation.setup import name_company
from portal.accounts.models import Membership, User
from portal.notifications.letters import UnsafeHeader, queue_letter
from portal.notifications.models import Message
from tests.portal.notifications.story import COMPANY, begin_story
from tests.portal.notifications.writing import INVOICE


def queue(
    session: Session, recipient: str = "anna@example.com", *, title: str | None = None, key: str = "k"
) -> Message | None:
    name_company(session, COMPANY, get_settings())
    invoice = INVOICE if title is None else replace(INVOICE, number=title)
    context = {"invoice": invoice, "pay_url": "http://localhost:8000/pay"}
    message_id = queue_letter(session, "invoice_issued", recipient, context, dedupe_key=key)
    return session.get(Message, message_id) if message_id else None


def test_a_letter_is_kept_with_its_texts_and_a_hint_to_send_it(session: Session) -> None:
    message = queue(session)

    assert message is not None
    assert message.status == "queued"
    assert message.subject.startswith("Счёт № 2026-0001 на")
    assert "ООО «Полюс», ИНН" in message.text_body
    assert "<style>" not in message.html_body
    assert 'style="' in message.html_body
    hints = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == HINT_TOPIC)).all()
    assert [outbox.read_hint(item) for item in hints] == [outbox.Hint("mail", (message.id,))]


def test_the_second_letter_of_an_occasion_is_not_written(session: Session) -> None:
    assert queue(session, key="once") is not None
    assert queue(session, key="once") is None
    assert queue(session, key="twice") is not None


@pytest.mark.parametrize("recipient", ["a@example.com\nBcc: b@example.com", "a@example.com\r\n", "a\x00@example.com"])
def test_a_recipient_that_could_forge_a_header_is_refused(session: Session, recipient: str) -> None:
    with pytest.raises(UnsafeHeader):
        queue(session, recipient)

    assert session.scalars(select(Message)).all() == []


@pytest.mark.parametrize("text", ["1\nBcc: b@example.com", "1\r2", "1\u20282"])
def test_a_subject_that_could_forge_a_header_is_refused(session: Session, text: str) -> None:
    with pytest.raises(UnsafeHeader):
        queue(session, title=text)


def test_no_address_makes_a_failed_row_without_a_hint(session: Session) -> None:
    message = queue(session, "")

    assert message is not None
    assert (message.status, message.error) == ("failed", "нет адреса")
    assert session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == HINT_TOPIC)).all() == []


def test_a_letter_speaks_its_readers_language(session: Session) -> None:
    story = begin_story(session)
    reader = User(email="anna@example.com", name="Anna", password_hash="x", locale="en")
    session.add(reader)
    session.flush()
    session.add(Membership(user_id=reader.id, customer_id=story.customer.id))
    session.flush()
    context = {"invoice": INVOICE, "pay_url": "http://localhost:8000/pay"}

    for whose in ({"user_id": reader.id}, {"customer_id": story.customer.id}):
        message_id = queue_letter(
            session, "invoice_issued", "anna@example.com", context, dedupe_key=str(whose), **whose
        )
        message = session.get_one(Message, message_id)
        assert 'lang="en"' in message.html_body
        assert message.subject.startswith("Invoice no. 2026-0001 of")
        assert "it is for you to pay" in message.text_body
