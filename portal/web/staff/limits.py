"""The daily limits of charges: how many, and how much, may leave on one day before a person looks."""

from __future__ import annotations

import wtforms
from fastapi import Request
from sqlalchemy import select
from starlette.responses import Response
from wtforms.validators import NumberRange, Optional, StopValidation

from kernel import clock
from kernel.clock import business_date
from kernel.db import read
from kernel.money import Money
from payments.installation.models import Installation
from payments.installation.pausing import HISTORY_ID, limit_days
from portal.audit.recording import record_act
from portal.web.kit.fields import MoneyField
from portal.web.kit.forms import Form, Posted
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, Router
from portal.web.staff.queries.limits import Limits, read_limits, read_pace
from portal.web.staff.roles import DayLimiter
from portal.web.staff.terms_form import at_least_a_ruble

router = Router()
_HERE = "/staff/charging/limits"
_MOST = 1_000_000
_A_NUMBER = lazy_gettext("Введите число от 1 до миллиона или оставьте пустым")


def _readable(_form: wtforms.Form, field: wtforms.Field) -> None:
    if field.process_errors:
        field.errors = []
        raise StopValidation(_A_NUMBER)


class LimitsForm(Form):
    """Both limits; an empty field is no limit."""

    charges = wtforms.IntegerField(
        lazy_gettext("Списаний за день, не больше"), [Optional(), _readable, NumberRange(1, _MOST, _A_NUMBER)]
    )
    amount = MoneyField(lazy_gettext("На сумму за день, ₽, не больше"), [Optional(), at_least_a_ruble])

    @property
    def limits(self) -> Limits:
        """What a form that has been checked asks for."""
        return Limits(self.charges.data, self.amount.data.kopecks if self.amount.data else None)


@router.get(_HERE, name="staff.limits.show")
def show(request: Request, _staff: DayLimiter) -> Response:
    """The limits as they are, and how near the days come to them."""
    with read() as session:
        found = read_limits(session)
    amount = Money(found.kopecks) if found.kopecks else None
    return _page(request, LimitsForm(data={"charges": found.charges, "amount": amount}))


@router.post(_HERE, name="staff.limits.change")
def change(request: Request, posted: Posted, staff: DayLimiter, db: Db) -> Response:
    """Set both limits. A pause that a limit has brought stays until the owner lets charges go on."""
    form = LimitsForm(posted)
    if not form.validate():
        return _page(request, form, status=422)
    wanted = form.limits
    limit_days(db, charges=wanted.charges, kopecks=wanted.kopecks)
    details = {"charges": wanted.charges, "kopecks": wanted.kopecks}
    record_act(db, staff, "charging.limited", "installation", HISTORY_ID, request=request, details=details)
    said = _("Дневной предел списаний сохранён")
    if db.scalar(select(Installation.charging_paused)):
        said = _("Дневной предел списаний сохранён. Списания стоят, пока вы их не возобновите")
    return go_to(request, "/staff", say=said)


def _page(request: Request, form: LimitsForm, *, status: int = 200) -> Response:
    with read() as session:
        pace = read_pace(session, today=business_date(clock.now()))
    return render(request, "pages/staff/charging_limits.html", {"form": form, "pace": pace}, status=status)
