"""An employee's own views of the list of payments: kept, renamed, dropped."""

from __future__ import annotations

from urllib.parse import parse_qsl
from uuid import UUID

import wtforms
from fastapi import Request
from starlette.responses import Response

from kernel.db import ReadSession, Session
from kernel.errors import Refused
from portal.saved_views.keeping import MOST, NameTaken, TooMany, drop_view, find_view, rename_view, save_view
from portal.web.kit.forms import Form, Posted, at_most, required
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.payment_tabs import VIEWS, conditions_of
from portal.web.staff.payments_filter import LIST, Asked, read_filter
from portal.web.staff.typed import one_line

router = Router()


class ViewForm(Form):
    """The name of a view."""

    name = wtforms.StringField(
        lazy_gettext("Название"),
        [required(lazy_gettext("Назовите отбор, чтобы узнать его среди других")), at_most(40)],
        filters=[one_line],
    )


@router.get(VIEWS + "/new", name="staff.payments.views.new")
def show_new(request: Request, _staff: CurrentStaff, db: ReadDb) -> Response:
    """The filter in the address, to be given a name."""
    return _new_page(request, db, ViewForm(), read_filter(request.query_params))


@router.post(VIEWS, name="staff.payments.views.create")
def create(request: Request, posted: Posted, staff: CurrentStaff, db: Db) -> Response:
    """Keep the filter for this employee."""
    form, asked = ViewForm(posted), read_filter(dict(parse_qsl(str(posted.get("query", "")))))
    if not asked.good or not asked.query:
        raise Refused(_("Сначала отберите платежи: сохранять пока нечего"))
    if form.validate():
        try:
            save_view(db, staff.user_id, str(form.name.data), asked.query)
        except NameTaken:
            form.refuse("name", _("Отбор с таким названием у вас уже есть"))
        except TooMany:
            form.refuse("", _("У вас уже %(most)s отборов. Удалите ненужный, чтобы сохранить новый") % {"most": MOST})
        else:
            return go_to(request, f"{LIST}?{asked.query}", say=_("Отбор сохранён. Его видите только вы"))
    return _new_page(request, db, form, asked, status=422)


@router.get(VIEWS + "/{view_id}", name="staff.payments.views.edit")
def edit(request: Request, view_id: UUID, staff: CurrentStaff, db: ReadDb) -> Response:
    """One of the employee's own views: another name, or none at all."""
    view = find_view(db, staff.user_id, view_id)
    return _edit_page(request, db, ViewForm(obj=view), view_id, view.query)


@router.post(VIEWS + "/{view_id}", name="staff.payments.views.rename")
def rename(request: Request, posted: Posted, view_id: UUID, staff: CurrentStaff, db: Db) -> Response:
    """Give the view another name."""
    view, form = find_view(db, staff.user_id, view_id), ViewForm(posted)
    if form.validate():
        try:
            rename_view(db, staff.user_id, view_id, str(form.name.data))
        except NameTaken:
            form.refuse("name", _("Отбор с таким названием у вас уже есть"))
        else:
            return go_to(request, f"{LIST}?{view.query}", say=_("Отбор переименован"))
    return _edit_page(request, db, form, view_id, view.query, status=422)


@router.post(VIEWS + "/{view_id}/removal", name="staff.payments.views.drop")
def drop(request: Request, view_id: UUID, staff: CurrentStaff, db: Db) -> Response:
    """Forget the view; the payments stay."""
    drop_view(db, staff.user_id, view_id)
    return go_to(request, LIST, say=_("Отбор удалён. С платежами ничего не случилось"))


def _new_page(
    request: Request, db: ReadSession | Session, form: ViewForm, asked: Asked, *, status: int = 200
) -> Response:
    if not asked.good or not asked.query:
        raise Refused(_("Сначала отберите платежи: сохранять пока нечего"))
    context = {"form": form, "view_id": None, "query": asked.query, "conditions": conditions_of(db, asked)}
    return render(request, "pages/staff/payment_view.html", context, status=status)


def _edit_page(
    request: Request, db: ReadSession | Session, form: ViewForm, view_id: UUID, query: str, *, status: int = 200
) -> Response:
    conditions = conditions_of(db, read_filter(dict(parse_qsl(query))))
    context = {"form": form, "view_id": view_id, "query": query, "conditions": conditions}
    return render(request, "pages/staff/payment_view.html", context, status=status)
