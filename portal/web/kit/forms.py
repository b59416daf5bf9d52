"""HTML forms: WTForms whose own messages follow the reader's language, and what a form of ours adds.

A route takes the posted values as `Posted`, checks the form, and answers an invalid one with the same page and 422:
the error summary names each field and everything typed is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

import wtforms
from fastapi import Depends, Request
from starlette.datastructures import FormData
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.i18n import get_translations
from wtforms.meta import DefaultMeta
from wtforms.validators import DataRequired, Length, StopValidation

from portal.web.kit.i18n import language
from portal.web.kit.i18n import lazy_gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MAX_FIELDS = 200


async def _posted(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=_MAX_FIELDS)


Posted = Annotated[FormData, Depends(_posted)]


class Problem(NamedTuple):
    """One error for the summary: the id of the field to go to, and what is wrong."""

    field_id: str
    text: str


class Form(wtforms.Form):
    """The base of all forms. `refuse` adds an error found outside: a taken address, a wrong password."""

    class Meta(DefaultMeta):
        """WTForms' own messages, in the language of the request."""

        def get_translations(self, _form: Any) -> Any:
            return get_translations([language()])

        def render_field(self, field: Any, render_kw: Any) -> Any:
            raise NotImplementedError("fields are drawn by partials/kit/field.html, never by WTForms")

    def problems(self) -> list[Problem]:
        """Every error of the form in the order of its fields."""
        found = [Problem(field.id, str(error)) for field in self for error in cast("list[object]", field.errors)]
        return found + [Problem("", str(error)) for error in self.form_errors]

    def typed(self) -> dict[str, str]:
        """The values of a form that lives in an address, as they stand in it: what was not understood stays as typed."""
        return {field.name: str(field._value() if hasattr(field, "_value") else field.data or "") for field in self}  # noqa: SLF001  WTForms' own name for the text of a field

    def refuse(self, field: str, reason: str) -> None:
        """Add an error to a field by its name, or to the whole form by an empty one."""
        if not field:
            self.form_errors = [*self.form_errors, reason]
            return
        target = self[field]
        target.errors = [*target.errors, reason]


def options(pairs: Iterable[tuple[str, str]]) -> Any:
    """The `choices` of a SelectField or RadioField from (value, text) pairs."""
    return [SelectChoice(value, text) for value, text in pairs]


def required(message: str) -> DataRequired:
    """The field must be filled in; `message` says how: «Введите пароль»."""
    return DataRequired(message)


def at_most(length: int) -> Length:
    """No longer than `length` characters."""
    return Length(max=length, message=_("Слишком длинно: не больше %(max)d знаков"))


def ticked(message: str) -> Callable[[wtforms.Form, wtforms.Field], None]:
    """The box must be ticked."""

    def check(_form: wtforms.Form, field: wtforms.Field) -> None:
        if not field.data:
            raise StopValidation(message)

    return check
