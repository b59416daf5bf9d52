"""The fields of items: names, types and what a person reads beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])")
_MIXED = re.compile(r"(?=.*[A-Z])(?=.*[0-9])")


@dataclass(frozen=True)
class Field:
    """One field. `dead`: switched off, always null. `original`: the name of a user field in the database."""

    name: str
    type: str
    title: str
    read_only: bool = False
    multiple: bool = False
    dead: bool = False
    original: str | None = None

    @cached_property
    def upper(self) -> str:
        """The name as the older methods write it."""
        return self.original or _HUMP.sub("_", self.name).upper()

    @property
    def blank(self) -> Any:
        """The value of an empty field."""
        return [] if self.multiple else None

    def described(self) -> dict[str, Any]:
        """As `crm.item.fields` shows it."""
        about: dict[str, Any] = {
            "type": self.type,
            "isRequired": False,
            "isReadOnly": self.read_only or self.dead,
            "isImmutable": False,
            "isMultiple": self.multiple,
            "isDynamic": self.original is not None,
            "title": self.title,
            "upperName": self.upper,
        }
        if self.name.startswith("parentId"):
            about["settings"] = {"parentEntityTypeId": int(self.name.removeprefix("parentId"))}
        return about


def read_table(table: str) -> tuple[Field, ...]:
    """Fields from lines of name, type and title. A type ends with ! (read only), * (multiple) or ~ (switched off)."""
    return tuple(_line(*line.split(None, 2)) for line in table.splitlines() if line)


def _line(name: str, kind: str, title: str) -> Field:
    return Field(name, kind.rstrip("!*~"), title, "!" in kind, "*" in kind, "~" in kind)


def user_field(original: str, kind: str, title: str) -> Field:
    """A field that the company added, under both its names."""
    return Field(camel(original), kind, title, original=original)


def camel(original: str) -> str:
    """How a user field is called without `useOriginalUfNames`: `UF_CRM_7_PAID_AT` is `ufCrm7PaidAt`.

    A name that this would lose is kept behind the prefix: `UF_CRM_3_DIGIT10` is `ufCrm_3_DIGIT10`.
    """
    head, *parts = original.removeprefix("UF_").split("_")
    if any(_MIXED.match(part) for part in parts):
        return f"uf{head.capitalize()}_{'_'.join(parts)}"
    if len(parts) > 1 and parts[-1].isdigit():
        return f"{camel('_'.join(('UF', head, *parts[:-1])))}_{parts[-1]}"
    return "uf" + "".join(part.capitalize() for part in (head, *parts))
