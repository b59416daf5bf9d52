"""The two formats: a sheet as Excel keeps it, and text that a Russian Excel opens right."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from portal.exports.columns import COLUMNS, SUM_AT, Cell, rubles
from portal.web.kit.i18n import gettext as _
from portal.web.staff.queries.payments import PaymentRow

_FORMATS = {"moment": "dd.mm.yyyy hh:mm", "money": "#,##0.00", "number": "0", "text": "@"}
# A cell that begins so is a formula to a spreadsheet: a name may run a program of whoever opens the file.
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Sheet(Protocol):
    """A file that grows row by row."""

    def add(self, rows: Iterable[PaymentRow]) -> None:
        """Write payments below what is there."""

    def close(self, *, payments: int, paid_kopecks: int) -> None:
        """Write the total under the last row and finish the file."""


class XlsxSheet:
    """A workbook with real numbers and moments, its headings frozen. Rows leave memory as they are written."""

    def __init__(self, path: Path, conditions: Sequence[tuple[str, str]]) -> None:
        """`conditions`: name and value of each condition, told on a second sheet."""
        import xlsxwriter  # 2.5 MB that no process needs which makes no file

        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
        self._formats = {kind: self._book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
        self._strong = self._book.add_format({"bold": True, "bottom": 1})
        self._total = self._book.add_format({"bold": True, "top": 1, "num_format": _FORMATS["money"]})
        self._sheet = self._book.add_worksheet(_("Платежи"))
        for place, column in enumerate(COLUMNS):
            self._sheet.set_column(place, place, column.width)
            self._sheet.write_string(0, place, str(column.heading), self._strong)
        self._sheet.freeze_panes(1, 0)
        self._conditions = conditions
        self._row = 0

    def add(self, rows: Iterable[PaymentRow]) -> None:
        """Write payments below what is there."""
        for row in rows:
            self._row += 1
            for place, column in enumerate(COLUMNS):
                self._write(place, column.cell(row), column.kind)

    def close(self, *, payments: int, paid_kopecks: int) -> None:
        """Write the total under the last row and finish the file."""
        self._sheet.autofilter(0, 0, self._row, len(COLUMNS) - 1)
        under = self._row + 1
        self._sheet.write_string(under, 0, _("Всего платежей: %(count)s, оплачено") % {"count": payments}, self._total)
        for place in range(1, SUM_AT):
            self._sheet.write_blank(under, place, None, self._total)
        self._sheet.write_number(under, SUM_AT, rubles(paid_kopecks), self._total)
        told = self._book.add_worksheet(_("Отбор"))
        told.set_column(0, 1, 30)
        for place, (name, value) in enumerate(self._conditions):
            told.write_string(place, 0, name)
            told.write_string(place, 1, value)
        self._book.close()

    def _write(self, place: int, value: Cell, kind: str) -> None:
        if value is None:
            return
        write: Any = {"text": self._sheet.write_string, "moment": self._sheet.write_datetime}.get(
            kind, self._sheet.write_number
        )
        write(self._row, place, value, self._formats[kind])


class CsvSheet:
    """Text in UTF-8 with a mark of it, semicolons between cells, commas in decimals: a double click opens it right."""

    def __init__(self, path: Path, _conditions: Sequence[tuple[str, str]]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file, delimiter=";", lineterminator="\r\n")
        self._csv.writerow([str(column.heading) for column in COLUMNS])

    def add(self, rows: Iterable[PaymentRow]) -> None:
        """Write payments below what is there."""
        self._csv.writerows([as_text(column.cell(row)) for column in COLUMNS] for row in rows)

    def close(self, *, payments: int, paid_kopecks: int) -> None:
        """Write the total under the last row and finish the file."""
        total = [""] * len(COLUMNS)
        total[0] = _("Всего платежей: %(count)s, оплачено") % {"count": payments}
        total[SUM_AT] = as_text(rubles(paid_kopecks))
        self._csv.writerow(total)
        self._file.close()


def as_text(value: Cell) -> str:
    """A cell of the text format; what a spreadsheet would take for a formula is told to be text by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%d.%m.%Y %H:%M")
    if isinstance(value, Decimal):
        return f"{value:.2f}".replace(".", ",")
    text = str(value)
    return f"'{text}" if text.startswith(_STARTS_FORMULA) else text


SHEETS: dict[str, Callable[[Path, Sequence[tuple[str, str]]], Sheet]] = {"xlsx": XlsxSheet, "csv": CsvSheet}
