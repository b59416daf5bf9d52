from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from portal.imports.customers import CustomerImport
from portal.imports.encoding import detect_encoding
from portal.imports.problems import UnusableFile
from portal.imports.table import Row, open_table

COLUMNS = CustomerImport.columns
HEADER = "внешний код;имя;почта"


def rows_of(path: Path, content: bytes | str) -> list[Row]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(open_table(path, COLUMNS).rows())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "файл с пробелом.csv"


@pytest.mark.parametrize(
    ("encoding", "title"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 с BOM"), ("cp1251", "Windows-1251"), ("utf-16", "UTF-16")],
)
def test_the_encoding_is_found_out(path: Path, encoding: str, title: str) -> None:
    text = f"{HEADER}\nA1;Фёдор «Пример»;a@example.com\n"
    rows = rows_of(path, text.encode(encoding))
    assert detect_encoding(path).title == title
    assert rows[0].cells == {"external_id": "A1", "name": "Фёдор «Пример»", "email": "a@example.com"}


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found_by_the_header(path: Path, delimiter: str, end: str) -> None:
    lines = [HEADER.replace(";", delimiter), delimiter.join(("A1", "Анна", "a@example.com")), "", delimiter * 2, ""]
    rows = rows_of(path, end.join(lines))
    assert [(row.line, row.cells["name"]) for row in rows] == [(2, "Анна")]


def test_titles_come_in_any_order_case_and_language(path: Path) -> None:
    rows = rows_of(path, "E-Mail, NAME ,Комментарий,External_ID\na@example.com,Анна,что-то,A1\n")
    assert rows[0].cells == {"external_id": "A1", "name": "Анна", "email": "a@example.com"}


def test_an_unknown_column_is_named(path: Path) -> None:
    rows_of(path, f"{HEADER};Любимый цвет\nA1;Анна;a@example.com;синий\n")
    assert list(open_table(path, COLUMNS).header.unknown.values()) == ["Любимый цвет"]


def test_missing_columns_are_listed_with_what_is_there(path: Path) -> None:
    with pytest.raises(UnusableFile, match=r"«внешний код» .*«имя» .*Сейчас в нём: почта, телефон"):
        rows_of(path, "почта;телефон\na@example.com;1\n")


def test_a_column_named_twice_is_refused(path: Path) -> None:
    with pytest.raises(UnusableFile, match="«имя» и «ФИО»"):
        rows_of(path, "внешний код;имя;ФИО\nA1;Анна;Анна\n")


def test_excels_own_first_line_is_passed_over(path: Path) -> None:
    rows = rows_of(path, f"sep=;\r\n{HEADER}\r\nA1;Анна;a@example.com\r\n")
    assert [(row.line, row.cells["external_id"]) for row in rows] == [(3, "A1")]


def test_lines_are_those_of_the_file_after_a_quoted_line_break(path: Path) -> None:
    rows = rows_of(path, f'{HEADER}\r\nA1;"ООО ""Пример""\r\nфилиал";a@example.com\r\n\r\nA2;Анна;b@example.com\r\n')
    assert [(row.line, row.cells["name"]) for row in rows] == [(2, 'ООО "Пример"\r\nфилиал'), (5, "Анна")]


@pytest.mark.parametrize("later", ["A3;Анна;c@example.com", 'A3;"Анна";c@example.com', 'A3;Анна";c@example.com'])
def test_a_quote_left_open_costs_only_its_own_row(path: Path, later: str) -> None:
    rows = rows_of(path, f'{HEADER}\nA1;"Пример;a@example.com\nA2;Вера;b@example.com\n{later}\n')
    assert [row.line for row in rows] == [2, 3, 4]
    assert "кавычка" in rows[0].problems[0].reason
    assert rows[1].cells["name"] == "Вера"
    assert rows[2].cells["external_id"] == "A3"


def test_an_unquoted_delimiter_inside_a_cell_is_told(path: Path) -> None:
    rows = rows_of(path, f"{HEADER}\nA1;Пример; и сыновья;a@example.com\n")
    assert [(each.line, each.value) for each in rows[0].problems] == [(2, "a@example.com")]
    assert "точка с запятой" in rows[0].problems[0].reason


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "пуст"),
        (b"\n\n", "ни заголовка"),
        (b"PK\x03\x04 and so on", "книга Excel"),
        (b"\xd0\xcf\x11\xe0 and so on", "книга Excel"),
        (b"a;b\n\x00;1\n", "нулевой байт в строке 2"),
        (codecs.BOM_UTF16_LE + b"a", "повреждён"),
        ("внешний код;имя\nA1;Ан".encode() + b"\xff" + "на\n".encode(), "строка 2 повреждена"),
        ("внешний код;имя\nA1;Анна\n".encode("cp1251") + b"A2;\x98\n", "Строка 3"),
    ],
)
def test_what_is_no_table_is_refused_in_words(path: Path, content: bytes, told: str) -> None:
    with pytest.raises(UnusableFile, match=told):
        rows_of(path, content)


def test_a_missing_file_and_a_folder_are_refused_in_words(path: Path) -> None:
    for each in (path, path.parent):
        with pytest.raises(UnusableFile, match="не открывается"):
            open_table(each, COLUMNS)
