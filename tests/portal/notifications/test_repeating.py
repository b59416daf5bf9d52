"""A letter that failed is sent again at an employee's word: to where its customer is written to now."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from kernel.clock import business_now
from kernel.db import begin
from kernel.errors import Refused
from payments.customers.models import Customer
from payments.customers.registration import CustomerData, create_customer
from portal.notifications.delivery import send_messages
from portal.notifications.letters import queue_letter
from portal.notifications.models import Message
from portal.notifications.queries import may_leave_again, outbox_letter
from portal.notifications.repeating import send_again
from tests.portal.notifications.conftest import Mailbox
from tests.portal.notifications.writing import INVOICE, stored, write_letter
from tests.support.standing import begin_first_payment

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed")]
OLD, NEW = "old@example.com", "new@example.com"


def write_to_customer(email: str | None) -> UUID:
    """A letter to a customer of this address that could not be sent."""
    with begin() as session:
        customer = create_customer(session, CustomerData(name="Анна Ковалёва", email=email))
        message_id = queue_letter(
            session,
            "invoice_issued",
            email or "",
            {"invoice": INVOICE, "pay_url": "http://localhost:8000/pay"},
            dedupe_key=str(uuid4()),
            customer_id=customer.id,
        )
        assert message_id is not None
        return message_id


def fail(message_id: UUID) -> None:
    with begin() as session:
        session.execute(update(Message).where(Message.id == message_id).values(status="failed"))


def move_customer(email: str | None) -> None:
    with begin() as session:
        session.execute(update(Customer).values(email=email))


def repeat(message_id: UUID) -> None:
    with begin() as session:
        send_again(session, message_id, now=business_now(session))
    send_messages([str(message_id)])


def test_a_customers_letter_goes_to_the_address_of_today(mailbox: Mailbox) -> None:
    write_letter()
    message_id = write_to_customer(OLD)
    fail(message_id)
    move_customer(NEW)

    repeat(message_id)

    assert mailbox.letters[-1]["to"] == NEW
    assert (stored(message_id).recipient, stored(message_id).status) == (NEW, "sent")


def test_what_had_no_address_goes_when_there_is_one(mailbox: Mailbox) -> None:
    write_letter()
    message_id = write_to_customer(None)
    with begin() as session, pytest.raises(Refused, match="нет адреса"):
        send_again(session, message_id, now=business_now(session))

    move_customer(NEW)
    with begin() as session:
        letter = outbox_letter(session, message_id)
        assert letter is not None
        assert may_leave_again(letter)
    repeat(message_id)

    assert mailbox.letters[-1]["to"] == NEW


def test_an_address_that_the_desk_removed_is_not_written_to_again(mailbox: Mailbox) -> None:
    write_letter()
    message_id = write_to_customer(OLD)
    fail(message_id)
    move_customer(None)

    with begin() as session:
        letter = outbox_letter(session, message_id)
        assert letter is not None
        assert not may_leave_again(letter)
        with pytest.raises(Refused, match="нет адреса"):
            send_again(session, message_id, now=business_now(session))


def test_what_a_guest_was_promised_goes_to_the_guest(mailbox: Mailbox) -> None:
    with begin() as session:
        _, payment = begin_first_payment(session)
        payment.receipt_email = OLD
    message_id = write_to_customer(OLD)
    fail(message_id)
    with begin() as session:
        session.execute(update(Message).where(Message.id == message_id).values(payment_id=payment.id))
    move_customer(NEW)

    repeat(message_id)

    assert mailbox.letters[-1]["to"] == OLD


def test_a_letter_about_a_login_goes_where_it_was_meant_to(mailbox: Mailbox) -> None:
    message_id = write_letter(OLD)
    fail(message_id)

    repeat(message_id)

    assert mailbox.letters[-1]["to"] == OLD
