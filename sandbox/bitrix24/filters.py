"""Filters and orders of lists, as conditions of SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from sandbox.bitrix24.errors import CrmError, bad_argument
from sandbox.bitrix24.fields import Field
from sandbox.bitrix24.values import read_value

_KEY = re.compile(r"(!=%|!%=|=%|%=|!%|!@|!=|>=|<=|@|%|=|!|>|<)?(.+)", re.DOTALL)
_MOST_VALUES = 500

Condition = tuple[str, list[object]]


@dataclass(frozen=True)
class Column:
    """Where a field is found: an SQL expression, or a JSON array for a multiple field."""

    sql: str
    field: Field


@dataclass(frozen=True)
class Columns:
    """The fields that a list knows. `strict`: an unknown one is an error, else it is ignored."""

    known: dict[str, Column]
    strict: bool = True

    def where(self, given: Any) -> Condition:
        """The condition of a filter.

        Raises:
            CrmError: 400, an unknown field or a value that it cannot have.
        """
        return _group(self, given)

    def order(self, given: Any) -> str:
        """The ORDER BY of an order; by id if it names nothing.

        Raises:
            CrmError: 400, an unknown field or direction.
        """
        terms = []
        for name, direction in given.items() if isinstance(given, dict) else ():
            column = self.known.get(name)
            if column is None:
                if self.strict:
                    raise bad_argument(f"Invalid order: field '{name}' is not allowed in order")
                continue
            if str(direction).upper() not in {"ASC", "DESC"}:
                raise bad_argument(
                    f"Invalid order: allowed sort directions are ASC, DESC. But got '{direction}' for field '{name}'"
                )
            terms.append(f"{column.sql} {str(direction).upper()}")
        return ", ".join([*terms, "id"])


def in_json(table_field: str) -> str:
    """The SQL of a field that lies in the record."""
    return f"""json_extract(record, '$."{table_field}"')"""


def _group(columns: Columns, given: Any) -> Condition:
    if isinstance(given, list):
        given = {str(number): value for number, value in enumerate(given)}
    if not isinstance(given, dict) or not given:
        return "1", []
    either = str(given.get("logic", "AND")).upper() == "OR"
    conditions = [_term(columns, key, value) for key, value in given.items() if key != "logic"]
    parts = [sql for sql, _ in conditions if sql != "1"]
    if not parts:
        return "1", []
    joined = (" OR " if either else " AND ").join(parts)
    return f"({joined})", [value for _, values in conditions for value in values]


def _term(columns: Columns, key: str, value: Any) -> Condition:
    if str(key).isdigit():
        return _group(columns, value)
    match = _KEY.fullmatch(str(key))
    sign, name = (match[1] or "=", match[2]) if match else ("=", str(key))
    column = columns.known.get(name)
    if column is None:
        if columns.strict:
            raise bad_argument(f"Invalid filter: field '{name}' is not allowed in filter")
        return "1", []
    return _compared(column, sign, value)


def _compared(column: Column, sign: str, value: Any) -> Condition:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list) or sign in {"@", "!@"}:
        return _one_of(column, sign, value if isinstance(value, list) else [value])
    if "%" in sign:
        return _alike(column, sign, str(value))
    asked = _value(column, value)
    if sign in {"=", "!", "!="}:
        return _equal(column, asked, negated=sign != "=")
    if asked is None:
        return "0", []
    return f"{column.sql} {sign} ?", [asked]


def _one_of(column: Column, sign: str, several: list[Any]) -> Condition:
    asked = [_value(column, value) for value in several[:_MOST_VALUES]]
    negated = sign.startswith("!")
    if not asked:
        return ("1", []) if negated else ("0", [])
    known = [value for value in asked if value is not None]
    sql, values = _listed(column, known) if known else ("0", [])
    if None in asked:
        sql = f"({sql} OR {_equal(column, None, negated=False)[0]})"
    if not negated:
        return sql, values
    return f"NOT coalesce({sql}, 0)", values


def _listed(column: Column, known: list[object]) -> Condition:
    marks = ", ".join("?" * len(known))
    if column.field.multiple:
        return f"EXISTS (SELECT 1 FROM json_each({column.sql}) WHERE value IN ({marks}))", known  # noqa: S608 - marks
    return f"{column.sql} IN ({marks})", known


def _alike(column: Column, sign: str, text: str) -> Condition:
    escaped = text.replace("\\", "\\\\").replace("_", "\\_")
    pattern = escaped if "=" in sign else f"%{escaped.replace('%', chr(92) + '%')}%"
    sql = f"casefold({column.sql}) LIKE casefold(?) ESCAPE '\\'"
    return (f"NOT coalesce({sql}, 0)" if sign.startswith("!") else sql), [pattern]


def _equal(column: Column, asked: object, *, negated: bool) -> Condition:
    if asked is None:
        sql = f"{column.sql} IS {'NOT ' if negated else ''}NULL"
        return sql, []
    if column.field.multiple:
        sql, values = _listed(column, [asked])
        return (f"NOT {sql}" if negated else sql), values
    return (f"{column.sql} IS NOT ?" if negated else f"{column.sql} = ?"), [asked]


def _value(column: Column, value: Any) -> object:
    """A value as records keep it."""
    field = replace(column.field, multiple=False)
    if value is False and field.type != "boolean":
        return None
    try:
        return _as_kept(field, value)
    except CrmError:
        raise bad_argument(f"Invalid filter: value of field '{field.name}' is not allowed") from None


def _as_kept(field: Field, value: Any) -> object:
    kept: object = read_value(field, value)
    return kept
