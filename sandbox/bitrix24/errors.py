"""The portal's error answers."""

from __future__ import annotations

from typing import Any


class CrmError(Exception):
    """An answer other than 200; nothing was done. `code` may be a word, a number or empty, as in the real one."""

    def __init__(self, status: int, code: str | int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        return {"error": self.code, "error_description": self.description}


def classic(description: str) -> CrmError:
    """400 of the older methods, which name no code."""
    return CrmError(400, "", description)


def missing(name: str) -> CrmError:
    """400: a parameter is needed."""
    return CrmError(400, "100", f"Could not find value for parameter {{{name}}}")


def no_such_type() -> CrmError:
    """400: no such kind of item."""
    return CrmError(400, "NOT_FOUND", "Смарт-процесс не найден")


def no_such_item() -> CrmError:
    """400: no item of that id."""
    return CrmError(400, "NOT_FOUND", "Элемент не найден")


def bad_value(field: str) -> CrmError:
    """400: the field does not take this value."""
    return CrmError(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", f'Неверное значение поля "{field}"')


def needed(field: str) -> CrmError:
    """400: the field must have a value."""
    return CrmError(400, "CRM_FIELD_ERROR_REQUIRED", f'Обязательно заполните поле "{field}"')


def bad_argument(description: str) -> CrmError:
    """400: a wrong filter, order or other argument."""
    return CrmError(400, "INVALID_ARG_VALUE", description)
