"""The books refuse what does not balance, whoever writes it."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.exc import DatabaseError

from kernel.db import Session, insert_rows
from kernel.ids import uuid7
from kernel.settings import get_settings
from payments.installation.setup import ensure_installation
from payments.ledger.models import LedgerEntry, LedgerTransaction
from tests.support.business import Agreement, make_agreement


@pytest.fixture
def it(session: Session) -> Agreement:
    ensure_installation(session, get_settings())
    return make_agreement(session)


def begin_posting(session: Session) -> UUID:
    key = uuid7()
    insert_rows(session, LedgerTransaction, [{"id": key, "kind": "test", "source_id": key}])
    return key


def write(session: Session, it: Agreement, *entries: tuple[UUID, str, int]) -> None:
    rows = [
        {"transaction_id": key, "account": account, "customer_id": it.customer_id, "kopecks": kopecks}
        for key, account, kopecks in entries
    ]
    insert_rows(session, LedgerEntry, rows)


def test_what_sums_to_zero_is_written(session: Session, it: Agreement) -> None:
    key = begin_posting(session)

    write(session, it, (key, "receivable", 100), (key, "revenue", -100))


def test_what_does_not_sum_to_zero_is_refused(session: Session, it: Agreement) -> None:
    key = begin_posting(session)

    with pytest.raises(DatabaseError, match=f"{key} does not sum to zero"), session.begin_nested():
        write(session, it, (key, "receivable", 100), (key, "revenue", -99))


def test_one_posting_does_not_balance_another(session: Session, it: Agreement) -> None:
    one, another = begin_posting(session), begin_posting(session)

    with pytest.raises(DatabaseError, match="does not sum to zero"), session.begin_nested():
        write(session, it, (one, "receivable", 100), (another, "revenue", -100))


def test_nothing_is_added_to_a_posting_that_balances(session: Session, it: Agreement) -> None:
    key = begin_posting(session)
    write(session, it, (key, "receivable", 100), (key, "revenue", -100))

    with pytest.raises(DatabaseError, match="does not sum to zero"), session.begin_nested():
        write(session, it, (key, "gateway", 1))
