from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from kernel.db import Session
from payments.contracts.models import Contract
from payments.customers.models import Customer
from tests.portal.imports.making import EXAMPLES, counts, import_contracts, import_customers


def test_the_shipped_files_are_refused_whole_then_imported_without_their_bad_rows(session: Session) -> None:
    customers, contracts = EXAMPLES / "customers.csv", EXAMPLES / "contracts.csv"
    refused = import_customers(session, customers)
    assert (refused.stored, counts(refused)) == (False, (171, 0, 0, 29))
    assert session.scalar(select(func.count(Customer.id))) == 0
    assert counts(import_customers(session, customers, skip_bad=True)) == (171, 0, 0, 29)
    assert counts(import_contracts(session, contracts)) == (170, 0, 0, 30)
    assert session.scalar(select(func.count(Contract.id))) == 0
    assert counts(import_contracts(session, contracts, skip_bad=True)) == (170, 0, 0, 30)
    assert counts(import_customers(session, customers, skip_bad=True)) == (0, 0, 171, 29)
    assert counts(import_contracts(session, contracts, skip_bad=True)) == (0, 0, 170, 30)


def test_the_shipped_files_hold_the_mess_they_promise(session: Session) -> None:
    raw = (EXAMPLES / "customers.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in raw
    reasons = " ".join(each.reason for each in import_customers(session, EXAMPLES / "customers.csv").problems)
    for word in ("контрольная цифра", "русская буква", "то же значение", "кавычка", "не заполнено", "Excel"):
        assert word in reasons


@pytest.mark.parametrize("name", ["customers.csv", "contracts.csv"])
def test_every_column_of_the_shipped_files_is_documented(name: str) -> None:
    page = Path(EXAMPLES.parent / "import.md").read_text(encoding="utf-8").casefold()
    header = (EXAMPLES / name).read_text(encoding="utf-8-sig").splitlines()[0].casefold()
    for title in header.replace(",", ";").split(";"):
        assert title in page
