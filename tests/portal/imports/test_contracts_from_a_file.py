from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_date, business_now, set_shift
from kernel.db import Session
from payments.autopay.models import Autopay
from payments.contracts.models import Contract, Installment, PaymentPlan
from tests.portal.imports import making
from tests.portal.imports.making import counts, import_contracts, import_customers


@pytest.fixture
def path(session: Session, tmp_path: Path) -> Path:
    """Where a file of contracts goes; its customers C-1 to C-9 are there."""
    import_customers(session, making.write(tmp_path / "customers.csv", making.good_customers(9)))
    return tmp_path / "contracts.csv"


def stored(session: Session) -> dict[str | None, tuple[Contract, PaymentPlan]]:
    rows = session.execute(select(Contract, PaymentPlan).join(PaymentPlan, PaymentPlan.contract_id == Contract.id))
    return {contract.external_id: (contract, plan) for contract, plan in rows}


def test_good_rows_become_contracts_that_nobody_is_charged_for(session: Session, path: Path) -> None:
    assert counts(import_contracts(session, making.write(path, making.good_contracts(20, 9)))) == (20, 0, 0, 0)
    contract, plan = stored(session)["D-7"]
    assert (contract.number, contract.status, contract.advance) == ("№ 7/А", "active", "by_calendar")
    assert (plan.kopecks, plan.period_unit, plan.period_count) == (823456, "month", 2)
    assert session.scalar(select(func.count(Autopay.id))) == 0


def test_the_first_due_line_is_never_before_the_date(session: Session, path: Path) -> None:
    path.write_text(
        "код;код клиента;название;сумма;период;оплачено до\nA1;C-1;Аренда;1 234,56 ₽;месяц;31.01.2030\n",
        encoding="utf-8",
    )
    import_contracts(session, path)
    line = session.scalars(select(Installment)).one()
    assert (line.due_on, line.kopecks, line.status) == (date(2030, 1, 31), 123456, "planned")


def test_a_date_of_today_is_good_and_yesterday_is_not(session: Session, path: Path) -> None:
    today = business_date(business_now(session))
    header = "код;код клиента;название;сумма;период;следующая дата\n"
    path.write_text(f"{header}A1;C-1;Аренда;100;месяц;{today.isoformat()}\n", encoding="utf-8")
    assert counts(import_contracts(session, path)) == (1, 0, 0, 0)
    yesterday = today - timedelta(days=1)
    path.write_text(f"{header}A2;C-1;Аренда;100;месяц;{yesterday.isoformat()}\n", encoding="utf-8")
    assert "уже прошла" in import_contracts(session, path).problems[0].reason


def test_the_same_file_changes_nothing_even_when_its_dates_are_past(session: Session, path: Path) -> None:
    making.write(path, making.good_contracts(20, 9))
    import_contracts(session, path)
    set_shift(session, timedelta(days=365 * 6))
    try:
        assert counts(import_contracts(session, path)) == (0, 0, 20, 0)
    finally:
        set_shift(session, timedelta(0))
    assert session.scalar(select(func.count(Contract.id))) == 20


@pytest.mark.parametrize(
    ("column", "value", "stored_value"),
    [
        ("сумма", "999", "100,00"),
        ("период", "год", "раз в месяц"),
        ("следующая дата", "02.02.2030", "01.02.2030"),
        ("название", "Другое", "Аренда"),
        ("код клиента", "C-2", "C-1"),
        ("способ", "по календарю", "по оплате"),
        ("номер", "Б-2", "Б-1"),
    ],
)
def test_a_changed_row_of_a_known_contract_is_refused_with_both_values(
    session: Session, path: Path, column: str, value: str, stored_value: str
) -> None:
    row = dict(
        zip(making.CONTRACT_TITLES, ("A1", "C-1", "Б-1", "Аренда", "100", "месяц", "01.02.2030", ""), strict=True)
    )
    import_contracts(session, making.write(path, [row]))
    making.write(path, [row | {column: value}])
    [problem] = import_contracts(session, path, skip_bad=True).problems
    assert (problem.line, problem.column) == (2, column)
    assert stored_value in problem.reason.replace("\u00a0", " ")
    assert "импорт условий не меняет" in problem.reason


def test_a_contract_changed_in_the_cabinet_is_not_put_back(session: Session, path: Path) -> None:
    making.write(path, making.good_contracts(1, 9))
    import_contracts(session, path)
    session.execute(update(PaymentPlan).values(kopecks=777_00))
    import_contracts(session, path, skip_bad=True)
    assert session.scalar(select(PaymentPlan.kopecks)) == 777_00


def test_numbers_are_unique_in_the_file_and_in_the_base(session: Session, path: Path) -> None:
    rows = making.good_contracts(4, 9)
    rows[0]["номер"], rows[1]["номер"] = "Б-1", "Б-2"
    import_contracts(session, making.write(path, rows[:2]))
    rows[2]["номер"] = "Б-2"
    rows[3]["номер"] = "Б-2"
    reasons = [(each.line, each.reason) for each in import_contracts(session, making.write(path, rows[2:])).problems]
    assert reasons == [
        (2, "номер занят договором с кодом «D-2»"),
        (2, "то же значение в строке 3"),
        (3, "номер занят договором с кодом «D-2»"),
        (3, "то же значение в строке 2"),
    ]


def test_rows_without_a_number_take_the_next_free_ones_in_order(session: Session, path: Path) -> None:
    rows = making.good_contracts(3, 9)
    for row in rows:
        row["номер"] = ""
    import_contracts(session, making.write(path, rows))
    year = business_date(business_now(session)).year
    assert [stored(session)[f"D-{n}"][0].number for n in (1, 2, 3)] == [f"{year}-000{n}" for n in (1, 2, 3)]


def test_bad_cells_and_an_unknown_customer_are_told_together(session: Session, path: Path) -> None:
    row = making.good_contracts(1, 9)[0] | {"сумма": "много", "код клиента": "C-77", "следующая дата": "вчера"}
    problems = import_contracts(session, making.write(path, [row])).problems
    assert {each.column for each in problems} == {"сумма", "код клиента", "следующая дата"}
