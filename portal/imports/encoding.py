"""In what encoding a file is written: UTF-8 with or without a BOM, UTF-16 with one, or cp1251."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from portal.imports.problems import UnusableFile

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .xls
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CAUSES: dict[type[OSError], str] = {
    FileNotFoundError: "такого файла нет",
    IsADirectoryError: "это папка",
    PermissionError: "нет прав на чтение",
}
_NOT_IN_CP1251 = 0x98


@dataclass(frozen=True, slots=True)
class Encoding:
    """Python's name of it, the name people know, and how many lines the file has (for progress)."""

    codec: str
    title: str
    lines: int


def detect_encoding(path: Path) -> Encoding:
    """Find the encoding by reading the whole file once.

    Raises:
        UnusableFile: it cannot be opened, is empty, is no text, or is UTF-8 with a damaged line.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
        _refuse_other_formats(head)
        return _count(path, "utf-16", "UTF-16") if head.startswith(_UTF16) else _of_bytes(path, head)
    except OSError as error:
        raise UnusableFile(f"Файл не открывается: {_CAUSES.get(type(error), error.strerror)}") from error


def _refuse_other_formats(head: bytes) -> None:
    if not head:
        raise UnusableFile("Файл пуст")
    if head.startswith(_WORKBOOKS):
        raise UnusableFile("Это книга Excel. Сохраните лист через «Сохранить как» → «CSV UTF-8» и повторите")


def _of_bytes(path: Path, head: bytes) -> Encoding:
    """By lines: in cp1251 nearly every line with Russian letters is broken UTF-8, in damaged UTF-8 only a few are."""
    lines = good = 0
    broken: list[int] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            lines = number
            if b"\0" in line:
                raise UnusableFile(f"Это не текст: нулевой байт в строке {number}")
            if line.isascii():
                continue
            if _is_utf8(line):
                good += 1
            else:
                broken.append(number)
    if not broken:
        return Encoding("utf-8-sig", "UTF-8 с BOM" if head.startswith(codecs.BOM_UTF8) else "UTF-8", lines)
    if good >= len(broken) or head.startswith(codecs.BOM_UTF8):
        raise UnusableFile(f"Файл в UTF-8, но строка {broken[0]} повреждена. Сохраните файл заново")
    _refuse_unknown_bytes(path)
    return Encoding("cp1251", "Windows-1251", lines)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refuse_unknown_bytes(path: Path) -> None:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if _NOT_IN_CP1251 in line:
                raise UnusableFile(f"Строка {number}: это не UTF-8 и не Windows-1251. Сохраните файл как «CSV UTF-8»")


def _count(path: Path, codec: str, title: str) -> Encoding:
    try:
        with path.open(encoding=codec, newline="") as file:
            return Encoding(codec, title, sum(1 for _ in file))
    except UnicodeError as error:
        raise UnusableFile(f"Файл в {title} повреждён. Сохраните его как «CSV UTF-8»") from error
