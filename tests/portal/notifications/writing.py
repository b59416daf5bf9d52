"""Letters for tests of their sending."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from kernel.db import begin
from kernel.settings import get_settings
from payments.installation.setup import name_company
from portal.notifications.facts import Agreement, OpenInvoice
from portal.notifications.letters import queue_letter
from portal.notifications.models import Message
from tests.portal.notifications.story import COMPANY

INVOICE = OpenInvoice(
    Agreement(uuid4(), "anna@example.com", uuid4(), "2026-0001", "Аренда студии"),
    uuid4(),
    "2026-0001",
    120_000,
    date(2026, 11, 21),
    charge_on=None,
)


def write_letter(recipient: str = "anna@example.com") -> UUID:
    """Commit one letter that is due; its id."""
    context = {"invoice": INVOICE, "pay_url": f"{get_settings().base_url}/pay"}
    with begin() as session:
        name_company(session, COMPANY, get_settings())
        message_id = queue_letter(session, "invoice_issued", recipient, context, dedupe_key=str(uuid4()))
        assert message_id is not None
        return message_id


def stored(message_id: UUID) -> Message:
    """The row as it is now."""
    with begin() as session:
        return session.get_one(Message, message_id)
