"""The audit log: who did what, when, to which object. For owners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

import wtforms
from fastapi import Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from kernel import clock
from portal.audit.acts import ACTS, SUBJECTS
from portal.audit.reading import AuditFilter, list_entries
from portal.web.kit.fields import DateField
from portal.web.kit.filters import date_text
from portal.web.kit.forms import Form, options
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.paging import page_of, page_size
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.staff.addresses import list_url
from portal.web.staff.audit_words import details_of
from portal.web.staff.cursors import after_number
from portal.web.staff.payments_filter import Chip
from portal.web.staff.queries.employees import list_employees
from portal.web.staff.roles import AuditReader

router = Router()
LIST = "/staff/audit"
_ONE_DAY = timedelta(days=1)
_LONGEST_ID = 64
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(9000, 1, 1)


class AuditForm(Form):
    """What the log can be narrowed by."""

    person = wtforms.SelectField(_("Кто"), default="", validate_choice=False)
    act = wtforms.SelectField(_("Что сделано"), default="", validate_choice=False)
    kind = wtforms.SelectField(_("Объект"), default="", validate_choice=False)
    first_on = DateField(_("С даты"))
    last_on = DateField(_("По дату"))

    def offer(self, people: Mapping[str, str]) -> None:
        """Fill in the choices, in the reader's language; `people` are names by id."""
        self.person.choices = options([("", gettext("Все")), *people.items()])
        self.act.choices = options([("", gettext("Всё")), *_by_text(ACTS)])
        kinds = {kind: name for kind, (name, _url) in SUBJECTS.items()}
        self.kind.choices = options([("", gettext("Любой")), *_by_text(kinds)])

    def wanted(self, object_id: str) -> AuditFilter:
        """The filter of a valid form; a choice that there is not filters nothing."""
        return AuditFilter(
            user_id=_uuid(self.person.data or ""),
            act=self.act.data if self.act.data in ACTS else "",
            since=_start(self.first_on.data),
            until=_start(self.last_on.data, later=_ONE_DAY),
            subject_kind=self.kind.data if self.kind.data in SUBJECTS else "",
            subject_id=object_id,
        )


@router.get(LIST, name="staff.audit.list")
def list_all(request: Request, _staff: AuditReader, db: ReadDb) -> Response:
    """Acts, newest first. A date that is none is a 422 with the reason and no rows."""
    query = request.query_params
    form, object_id = AuditForm(query), _object_id(query)
    people = {str(employee.id): employee.name for employee in list_employees(db)}
    form.offer(people)
    good = form.validate()
    wanted = form.wanted(object_id) if good else AuditFilter()
    size, after = page_size(query.get("size")), after_number(request)
    found = list_entries(db, wanted, after=after, limit=size + 1) if good else []
    kept = {name: query.get(name, "") for name in ("person", "act", "kind", "first_on", "last_on")}
    kept["id"] = object_id
    context = {
        "form": form,
        "object_id": object_id,
        "is_on": wanted != AuditFilter(),
        "page": page_of(found, size=size, key=lambda row: (str(row.id),), after=("",) if after else None),
        "chips": _chips(form, wanted, kept, people),
        "url": list_url(LIST, kept),
        "acts": ACTS,
        "subjects": SUBJECTS,
        "details_of": details_of,
        "list_url": list_url,
    }
    return render(request, "pages/staff/audit.html", context, status=200 if good else 422, fragment="rows")


def _chips(form: AuditForm, wanted: AuditFilter, kept: dict[str, str], people: Mapping[str, str]) -> list[Chip]:
    first_on, last_on = form.first_on.data, form.last_on.data
    shown = (
        ("person", gettext("Кто"), people.get(str(wanted.user_id), "")),
        ("act", gettext("Что сделано"), str(ACTS[wanted.act]) if wanted.act else ""),
        ("kind", gettext("Объект"), str(SUBJECTS[wanted.subject_kind][0]) if wanted.subject_kind else ""),
        ("id", gettext("Номер объекта"), wanted.subject_id),
        ("first_on", gettext("С"), date_text(first_on) if first_on else ""),
        ("last_on", gettext("По"), date_text(last_on) if last_on else ""),
    )
    return [Chip(name, value, list_url(LIST, {**kept, key: ""})) for key, name, value in shown if value]


def _by_text(words: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(((key, str(text)) for key, text in words.items()), key=lambda item: item[1])


def _start(day: date | None, *, later: timedelta = timedelta(0)) -> datetime | None:
    # Near the ends of the calendar a day has no next one, nor an instant in every time zone.
    return clock.start_of(min(max(day, _FIRST_DAY), _LAST_DAY) + later) if day else None


def _object_id(query: QueryParams) -> str:
    text = query.get("id", "")[:_LONGEST_ID]
    return text if text.isprintable() else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
