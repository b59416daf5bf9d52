"""The form of a new contract, and the dates that its terms lead to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

import wtforms
from wtforms.validators import NumberRange, StopValidation

from kernel.clock import business_date, start_of
from kernel.errors import Refused
from kernel.money import Money
from payments.contracts.models import BY_CALENDAR, ON_PAYMENT
from payments.contracts.opening import MINIMUM_KOPECKS
from payments.contracts.periods import Period, Unit, issue_instant, require_room_for_notice
from portal.web.kit.fields import DateField, MoneyField
from portal.web.kit.forms import at_most, options, required
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.staff.keyed_form import KeyedForm
from portal.web.staff.words import ADVANCES

_PREVIEWED = 6
LONGEST_PERIOD = 366
LATEST_YEARS = 5
UNITS = (("day", _("день")), ("week", _("неделя")), ("month", _("месяц")), ("year", _("год")))


def at_least_a_ruble(_form: wtforms.Form, field: wtforms.Field) -> None:
    """A sum that a contract may have."""
    if field.data.kopecks < MINIMUM_KOPECKS:
        raise StopValidation(str(_("Сумма меньше одного рубля")))


class TermsForm(KeyedForm):
    """What is agreed with a customer: an open-ended contract."""

    title = wtforms.StringField(
        _("Что оплачивает клиент"),
        [required(_("Напишите, за что платит клиент")), at_most(200)],
        filters=[lambda text: " ".join(text.split()) if text else text],
    )
    amount = MoneyField(_("Сумма за период, ₽"), [required(_("Введите сумму")), at_least_a_ruble])
    period_count = wtforms.IntegerField(
        _("Платить раз в"),
        [
            required(_("Введите число от 1 до 366")),
            NumberRange(1, LONGEST_PERIOD, _("Введите число от 1 до 366")),
        ],
        default=1,
    )
    period_unit = wtforms.SelectField(_("Единица времени"), choices=options(UNITS), default="month")
    first_due_on = DateField(_("Первая дата оплаты"), [required(_("Введите первую дату"))])
    advance = wtforms.RadioField(
        _("Как появляется следующая дата"),
        choices=options(((ON_PAYMENT, ADVANCES[ON_PAYMENT]), (BY_CALENDAR, ADVANCES[BY_CALENDAR]))),
        default=ON_PAYMENT,
    )

    def check(self, *, now: datetime, notice: timedelta) -> bool:
        """Validate, with what depends on the day and on how early charges are announced."""
        good = self.validate()
        today = business_date(now)
        first_on = self.first_due_on.data
        if first_on and first_on < today:
            self.refuse("first_due_on", str(_("Первая дата уже прошла")))
            good = False
        if first_on and first_on.year > today.year + LATEST_YEARS:
            self.refuse("first_due_on", str(_("Слишком далеко: не позже чем через пять лет")))
            good = False
        period = self.period
        if period:
            try:
                require_room_for_notice(period, notice)
            except Refused as error:
                self.refuse("period_count", str(error))
                good = False
        return good

    @property
    def period(self) -> Period | None:
        """The period, if both of its fields make sense."""
        count, unit = self.period_count.data, self.period_unit.data
        known = unit in dict(UNITS)
        if not known or not isinstance(count, int) or not 1 <= count <= LONGEST_PERIOD:
            return None
        return Period(cast("Unit", unit), count)

    @property
    def money(self) -> Money:
        """The sum of a form that has been checked."""
        return cast("Money", self.amount.data)


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A date to come. `shortened` says that its month lacks the day agreed on; `announced_at`: when the letter leaves."""

    due_on: date
    shortened: bool
    announced_at: datetime


def preview(form: TermsForm, *, notice: timedelta, now: datetime) -> list[PreviewLine]:
    """The first due dates of the terms typed so far; empty until they make sense."""
    first_on: Any = form.first_due_on.data
    period = form.period
    if first_on is None or period is None or not business_date(now) <= first_on <= _latest(now):
        return []
    dates = [period.nth(first_on, n) for n in range(_PREVIEWED)]
    by_month = period.unit in ("month", "year")
    return [
        PreviewLine(day, by_month and day.day != first_on.day, max(issue_instant(day, notice), now)) for day in dates
    ]


def _latest(now: datetime) -> date:
    return business_date(start_of(business_date(now).replace(month=12, day=31, year=now.year + LATEST_YEARS)))
