"""What a spreadsheet finds in the files: real numbers and moments, Cyrillic, and no formula that somebody named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.exports.columns import COLUMNS, SUM_AT
from portal.exports.sheets import CsvSheet, XlsxSheet, as_text
from portal.web.staff.queries.payments import PaymentRow

HOSTILE = '=HYPERLINK("http://evil.example";"Счёт")'
ROW = PaymentRow(
    id=uuid4(),
    number=10_001,
    at=datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    decided_at=None,
    status="succeeded",
    stalled=None,
    initiator="customer",
    kopecks=386_550,
    reason=None,
    gateway_id="2d1f-000f",
    method_kind="bank_card",
    last4="0077",
    invoice_number="2026-0147",
    contract_id=uuid4(),
    contract_number="2026-0003",
    customer_id=uuid4(),
    customer_name="Ковалёва Анна",
    customer_inn="007700000070",
)


def test_excel_finds_numbers_moments_and_text(tmp_path: Path) -> None:
    path = tmp_path / "payments.xlsx"
    sheet = XlsxSheet(path, [("Состояние", "Оплачен")])
    sheet.add([ROW, replace(ROW, number=10_002, customer_name=HOSTILE)])
    sheet.close(payments=2, paid_kopecks=773_100)

    book = openpyxl.load_workbook(path)
    found = book["Платежи"]

    assert [cell.value for cell in found[1]] == [str(column.heading) for column in COLUMNS]
    assert found.freeze_panes == "A2"
    first = {str(column.heading): found.cell(2, place) for place, column in enumerate(COLUMNS, 1)}
    assert first["Сумма, ₽"].value == pytest.approx(3865.5)
    assert first["Сумма, ₽"].number_format == "#,##0.00"
    assert first["Создан"].value == datetime(2026, 11, 21, 15, 0), "in the business zone"
    assert first["Клиент"].value == "Ковалёва Анна"
    assert (first["ИНН"].value, first["Карта"].value) == ("007700000070", "0077"), "leading zeros stay"
    assert found.cell(3, 4).value == HOSTILE
    assert found.cell(3, 4).data_type == "s", "text, not a formula"
    assert found.cell(4, SUM_AT + 1).value == pytest.approx(7731)
    assert "2" in found.cell(4, 1).value
    assert [cell.value for cell in book["Отбор"][1]] == ["Состояние", "Оплачен"]


def test_a_russian_excel_opens_the_text_right(tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    sheet = CsvSheet(path, [])
    sheet.add([ROW, replace(ROW, customer_name=HOSTILE)])
    sheet.close(payments=2, paid_kopecks=773_100)

    raw = path.read_bytes()
    lines = raw.decode("utf-8-sig").split("\r\n")

    assert raw.startswith(b"\xef\xbb\xbf")
    assert lines[0].split(";")[0] == "Платёж"
    assert "3865,50" in lines[1].split(";")
    assert "21.11.2026 15:00" in lines[1].split(";")
    assert "'=HYPERLINK" in lines[2]
    assert lines[3].split(";")[SUM_AT] == "7731,00"


@given(st.text(max_size=30))
def test_no_text_becomes_a_formula(typed: str) -> None:
    written = as_text(typed)

    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert written in (typed, f"'{typed}")


@pytest.mark.parametrize(("kopecks", "text"), [(1, "0,01"), (100, "1,00"), (123_456_789_012_345, "1234567890123,45")])
def test_sums_are_exact(kopecks: int, text: str) -> None:
    assert as_text(Decimal(kopecks) / 100) == text
