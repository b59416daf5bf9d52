"""Columns by any of their names. The header may have them in any order and case, with others between them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from portal.imports.problems import UnusableFile

_NOT_A_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One value of a row: the key in code, the name we give it, and other names it goes by."""

    key: str
    title: str
    aliases: tuple[str, ...] = ()
    required: bool = False

    @property
    def names(self) -> frozenset[str]:
        """All its names in the form in which headers are compared."""
        return frozenset(plain(name) for name in (self.title, self.key, *self.aliases))


@dataclass(frozen=True, slots=True)
class Header:
    """Where the known columns stand, what the file calls them, and which columns it has besides."""

    keys: dict[int, str]
    titles: dict[str, str]
    unknown: dict[int, str]


def plain(title: str) -> str:
    """A title without case, punctuation and invisible characters: «Внешний_код*» and «внешний код» are one."""
    return _NOT_A_WORD.sub(" ", unicodedata.normalize("NFKC", title).casefold().replace("ё", "е")).strip()


def count_known(titles: Sequence[str], columns: Sequence[Column]) -> int:
    """How many of the titles are names of our columns."""
    names = frozenset[str]().union(*(column.names for column in columns))
    return sum(plain(title) in names for title in titles)


def read_header(titles: Sequence[str], columns: Sequence[Column]) -> Header:
    """Find our columns among the titles.

    Raises:
        UnusableFile: a required column is missing, or a column stands there twice.
    """
    header = Header({}, {column.key: column.title for column in columns}, {})
    found: dict[str, str] = {}
    for place, title in enumerate(titles):
        column = next((column for column in columns if plain(title) in column.names), None)
        if column is None:
            if plain(title):
                header.unknown[place] = title.strip()
            continue
        if column.key in found:
            raise UnusableFile(f"Один столбец назван дважды: «{found[column.key]}» и «{title.strip()}»")
        found[column.key] = header.titles[column.key] = title.strip()
        header.keys[place] = column.key
    missing = [column for column in columns if column.required and column.key not in found]
    if missing:
        raise UnusableFile(_missing(missing, titles))
    return header


def _missing(missing: Sequence[Column], titles: Sequence[str]) -> str:
    wanted = "; ".join(f"«{column.title}» (или {', '.join((column.key, *column.aliases[:2]))})" for column in missing)
    return (
        f"В заголовке нет обязательных столбцов: {wanted}. Сейчас в нём: {', '.join(filter(None, titles)) or 'пусто'}"
    )
