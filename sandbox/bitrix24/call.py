"""One call of a method, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24.credentials import Credential
from sandbox.bitrix24.errors import CrmError, missing, no_such_type
from sandbox.bitrix24.kinds import KINDS, Kind
from sandbox.bitrix24.values import as_integer
from sandbox.world import World

_OLD_INVOICE = 5


@dataclass
class Call:
    """Who calls what, with which parameters."""

    method: str
    params: dict[str, Any]
    by: Credential

    @property
    def original(self) -> bool:
        """Whether user fields go by their original names."""
        return str(self.params.get("useOriginalUfNames", "N")).upper() in {"Y", "1", "TRUE"}

    def needed(self, *names: str) -> Any:
        """The parameter of one of these names.

        Raises:
            CrmError: 400, there is none.
        """
        for name in names:
            if self.params.get(name) not in (None, ""):
                return self.params[name]
        raise missing(names[0])

    def number(self, *names: str) -> int:
        """The same as a whole number."""
        return as_integer(self.needed(*names))

    def optional(self, *names: str) -> Any:
        """The parameter of one of these names, or None."""
        return next((self.params[name] for name in names if name in self.params), None)

    def mapping(self, *names: str) -> dict[str, Any]:
        """An object among the parameters; an absent or empty one is empty.

        Raises:
            CrmError: 400, it is no object.
        """
        value = self.optional(*names)
        if value in (None, "", []):
            return {}
        if not isinstance(value, dict):
            raise CrmError(400, "100", f"Invalid value {{{value}}} to match with parameter {{{names[0]}}}")
        return value

    def kind(self) -> Kind:
        """The kind of items that `entityTypeId` names.

        Raises:
            CrmError: 400, none.
        """
        number = self.number("entityTypeId")
        if number == _OLD_INVOICE:
            raise CrmError(400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type `INVOICE` is not supported")
        if number not in KINDS:
            raise no_such_type()
        return KINDS[number]


@dataclass
class Result:
    """What a method answers. `total` and `next_start` belong to lists, `object_id` to the journal."""

    value: Any
    total: int | None = None
    next_start: int | None = None
    object_id: str | None = None


Handler = Callable[[World, Call], Result]
