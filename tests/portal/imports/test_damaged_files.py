"""A third of the rows is broken on purpose: each is named by line, column and reason, and the others come in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from kernel.db import Session
from payments.contracts.models import Contract
from payments.customers.models import Customer
from portal.imports.fates import Report
from tests.portal.imports import making
from tests.portal.imports.making import Damage, import_contracts, import_customers

ROWS = 180


def assert_each_is_named(report: Report, done: dict[int, Damage]) -> None:
    assert {each.line for each in report.problems} == set(done)
    for line, damage in done.items():
        reasons = [each.reason for each in report.problems if (each.line, each.column) == (line, damage.column)]
        assert any(damage.reason in reason for reason in reasons), damage


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), (",", "utf-8"), ("\t", "cp1251")])
def test_damaged_customers(session: Session, tmp_path: Path, seed: int, delimiter: str, encoding: str) -> None:
    rows = making.good_customers(ROWS)
    for row in rows:
        row["имя"] = row["имя"].replace("\n", " ")  # so that a row is a line
        row["телефон"] = row["телефон"].replace("\u2011", "-")  # cp1251 has no such hyphen
    done = making.break_a_third(rows, making.CUSTOMER_DAMAGES, seed)
    path = making.write(tmp_path / "customers.csv", rows, delimiter=delimiter, encoding=encoding, end="\r\n")
    refused = import_customers(session, path)
    assert_each_is_named(refused, done)
    assert session.scalar(select(func.count(Customer.id))) == 0
    assert_each_is_named(import_customers(session, path, skip_bad=True), done)
    assert session.scalar(select(func.count(Customer.id))) == ROWS - len(done)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_contracts(session: Session, tmp_path: Path, seed: int) -> None:
    import_customers(session, making.write(tmp_path / "customers.csv", making.good_customers(9)))
    rows = making.good_contracts(ROWS, 9)
    done = making.break_a_third(rows, making.CONTRACT_DAMAGES, seed)
    path = making.write(tmp_path / "contracts.csv", rows, delimiter=",")
    refused = import_contracts(session, path)
    assert_each_is_named(refused, done)
    assert session.scalar(select(func.count(Contract.id))) == 0
    assert_each_is_named(import_contracts(session, path, skip_bad=True), done)
    assert session.scalar(select(func.count(Contract.id))) == ROWS - len(done)
