"""What of an object's fields staff may see in the list of errors: never whose they are."""

from __future__ import annotations

from typing import Any

from crm_sync.port import Fields
from kernel import log

_PRIVATE = ("name", "phone", "email", "inn", "kpp")


def masked(fields: Fields) -> dict[str, Any]:
    """The fields with names, phones, addresses and tax numbers hidden."""
    return {name: _shown(name, value) for name, value in fields.items()}


def _shown(name: str, value: object) -> object:
    if value is None:
        return None
    if name in _PRIVATE:
        return log.HIDDEN
    return log.redact_text(value) if isinstance(value, str) else value
