"""The table of words knows every status that the database allows."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import CheckConstraint, Table

from payments.autopay.models import Autopay
from payments.charging.models import Payment
from payments.contracts.models import Contract, Installment
from payments.invoicing.models import Invoice
from payments.webhooks.models import InboundWebhook
from portal.notifications.models import Message
from portal.web.kit.words import WORDS, word

TABLES = {
    "payment": Payment,
    "invoice": Invoice,
    "installment": Installment,
    "contract": Contract,
    "autopay": Autopay,
    "message": Message,
    "webhook": InboundWebhook,
}


@pytest.mark.parametrize("kind", WORDS)
def test_every_status_of_the_database_has_a_word(kind: str) -> None:
    table = TABLES[kind].__table__
    assert isinstance(table, Table)
    conditions = [str(check.sqltext) for check in table.constraints if isinstance(check, CheckConstraint)]
    (statuses,) = [text for text in conditions if text.startswith("status IN")]
    assert set(re.findall(r"'(\w+)'", statuses)) == set(WORDS[kind])


def test_an_unknown_status_is_an_error_not_an_empty_pill() -> None:
    with pytest.raises(KeyError):
        word("payment", "lost")
