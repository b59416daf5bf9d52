"""A file as rows of named cells: encoding, delimiter and header are found out, nothing is held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.imports.columns import Column, Header, count_known, read_header
from portal.imports.encoding import Encoding, detect_encoding
from portal.imports.problems import Problem, UnusableFile
from portal.imports.records import Record, read_records

DELIMITERS = {";": "точка с запятой", ",": "запятая", "\t": "табуляция"}
_WHOLE_ROW = "строка"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on, its cells by column key, and what is wrong with its shape."""

    line: int
    cells: dict[str, str]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A readable file."""

    path: Path
    encoding: Encoding
    delimiter: str
    header: Header

    def rows(self) -> Iterator[Row]:
        """The rows below the header, read anew on each call."""
        with self.path.open(encoding=self.encoding.codec, newline="") as file:
            records = read_records(file, self.delimiter)
            for record in records:
                if not _is_excel_hint(record):
                    break  # the header
            for record in records:
                yield self._row(record)

    def _row(self, record: Record) -> Row:
        if record.broken:
            return Row(record.line, {}, (Problem(record.line, _WHOLE_ROW, "", record.broken),))
        keys, unknown = self.header.keys, self.header.unknown
        cells = {key: record.cells[place] for place, key in keys.items() if place < len(record.cells)}
        nameless = [
            cell.strip()
            for place, cell in enumerate(record.cells)
            if place not in keys and place not in unknown and cell.strip()
        ]
        return Row(record.line, cells, tuple(self._stray(record.line, cell) for cell in nameless))

    def _stray(self, line: int, cell: str) -> Problem:
        name = DELIMITERS[self.delimiter]
        return Problem(
            line, _WHOLE_ROW, cell, f"значение вне столбцов: {name} внутри ячейки? Возьмите такую ячейку в кавычки"
        )


def open_table(path: Path, columns: Sequence[Column]) -> Table:
    """Find out how the file is written and where our columns stand.

    Raises:
        UnusableFile: it cannot be read, or its header lacks a required column.
    """
    encoding = detect_encoding(path)
    headers = {delimiter: _first_record(path, encoding, delimiter) for delimiter in DELIMITERS}
    delimiter = max(headers, key=lambda each: (count_known(headers[each], columns), len(headers[each])))
    if not headers[delimiter]:
        raise UnusableFile("В файле нет ни заголовка, ни строк")
    return Table(path, encoding, delimiter, read_header(headers[delimiter], columns))


def _first_record(path: Path, encoding: Encoding, delimiter: str) -> list[str]:
    with path.open(encoding=encoding.codec, newline="") as file:
        records = read_records(file, delimiter)
        return next((record.cells for record in records if not _is_excel_hint(record)), [])


def _is_excel_hint(record: Record) -> bool:
    """Excel's own first line, `sep=;`, is cut at the delimiter that it names."""
    return bool(record.cells) and record.cells[0].strip().casefold() in {"sep=", "sep=;", "sep=,"}
