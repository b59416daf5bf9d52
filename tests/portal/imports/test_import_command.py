from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from typer.testing import CliRunner, Result

from kernel import db
from payments.contracts.models import Contract
from payments.customers.models import Customer
from portal.cli import imports as app
from tests.portal.imports import making

pytestmark = pytest.mark.committed


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def customers_stored() -> int:
    with db.read() as session:
        return session.scalar(select(func.count(Customer.id))) or 0


@pytest.fixture
def path(committed: str, tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def test_a_bad_row_stops_the_import_with_code_one(path: Path) -> None:
    rows = making.good_customers(4)
    rows[1]["телефон"] = "8 900"
    result = run("customers", making.write(path, rows))
    assert result.exit_code == 1
    assert "телефон" in result.stdout
    assert "Ничего не записано" in result.stdout
    assert customers_stored() == 0
    assert run("customers", path, "--dry-run").exit_code == 1


def test_bad_rows_are_skipped_when_told_to(path: Path) -> None:
    rows = making.good_customers(4)
    rows[1]["телефон"] = "8 900"
    result = run("customers", making.write(path, rows), "--skip-bad")
    assert result.exit_code == 0
    assert "Новых: 3, изменённых: 0, без изменений: 0, с ошибками: 1" in result.stdout
    assert "Записано всё, кроме строк с ошибками" in result.stdout
    assert customers_stored() == 3


def test_an_import_that_stored_nothing_says_so(path: Path) -> None:
    rows = making.good_customers(3)
    rows[1]["телефон"] = "8 900"
    making.write(path, rows)
    run("customers", path, "--skip-bad")

    again = run("customers", path, "--skip-bad")

    assert "Новых: 0, изменённых: 0, без изменений: 2, с ошибками: 1" in again.stdout
    assert "Ничего не записано: всё, кроме строк с ошибками, уже есть" in again.stdout
    assert "Записано всё" not in again.stdout
    making.write(path, rows[:1])
    assert "Ничего не записано: всё уже есть" in run("customers", path).stdout
    making.write(path, rows[1:2])
    assert "Ничего не записано: строк без ошибок нет" in run("customers", path, "--skip-bad").stdout


def test_a_dry_run_lists_every_row_and_stores_nothing(path: Path) -> None:
    result = run("customers", making.write(path, making.good_customers(700)), "--dry-run")
    assert result.exit_code == 0
    assert all(f" C-{n} " in result.stdout for n in range(1, 701))
    assert "Пробный прогон: ничего не записано" in result.stdout
    assert customers_stored() == 0


def test_hostile_text_cannot_command_the_terminal(path: Path) -> None:
    path.write_text("код;имя;почта;\x1b[2Jцвет\nA1;[red]x[/red];a@example.com;1\nA2\x1b[31m;y;b;2\n", encoding="utf-8")
    result = run("customers", path, "--dry-run")
    assert "\x1b" not in result.stdout
    assert "[red]x[/red]" in result.stdout


def test_a_file_that_is_no_table_gives_code_two(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04")
    result = run("customers", path)
    assert (result.exit_code, customers_stored()) == (2, 0)
    assert "книга Excel" in result.stderr
    assert run("customers", path.parent / "нет такого.csv").exit_code == 2


def test_contracts_wait_for_the_company_to_be_named(path: Path) -> None:
    making.write(path, making.good_contracts(1, 1))
    result = run("contracts", path)
    assert result.exit_code == 2
    assert "kabinet admin company" in result.stderr


def test_two_imports_at_once_are_not_mixed(path: Path) -> None:
    making.write(path, making.good_customers(3))
    with db.begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": 0x696D706F7274})
        result = run("customers", path)
    assert (result.exit_code, customers_stored()) == (2, 0)
    assert "другой импорт" in result.stderr
    assert run("customers", path).exit_code == 0


def test_contracts_come_in_for_the_company(path: Path) -> None:
    with db.begin() as session:
        making.a_company(session)
    run("customers", making.write(path, making.good_customers(3)))
    result = run("contracts", making.write(path, making.good_contracts(10, 3)))
    assert result.exit_code == 0, result.output
    with db.read() as session:
        assert session.scalar(select(func.count(Contract.id))) == 10
