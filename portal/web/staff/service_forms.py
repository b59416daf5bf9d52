"""The forms of what is for sale: a product, and a price of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, cast

import wtforms

from kernel.errors import Refused
from kernel.money import Money
from payments.catalogue.models import ONE_OFF, RECURRING
from payments.catalogue.selling import Ware
from payments.contracts.periods import Period, Unit, require_room_for_notice
from portal.web.kit.fields import MoneyField
from portal.web.kit.forms import Form, at_most, options, required
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.staff.terms_form import LONGEST_PERIOD, UNITS, at_least_a_ruble
from portal.web.staff.typed import one_line, plain_text

_UP_TO_THREE_DIGITS = re.compile(r"[0-9]{1,3}")


class ServiceForm(Form):
    """What a customer reads before choosing."""

    name = wtforms.StringField(
        _("Название"), [required(_("Напишите, как называется услуга")), at_most(100)], filters=[one_line]
    )
    description = wtforms.TextAreaField(_("Описание"), [at_most(500)], filters=[plain_text])

    @property
    def ware(self) -> Ware:
        """The product of a form that has been checked."""
        return Ware(str(self.name.data), str(self.description.data or ""))


class PriceForm(Form):
    """A sum, once or each period."""

    kind = wtforms.RadioField(
        _("Как платить"),
        choices=options(((RECURRING, _("Регулярно, автоплатежом или по счёту")), (ONE_OFF, _("Один раз")))),
        default=RECURRING,
    )
    amount = MoneyField(_("Сумма, ₽"), [required(_("Введите сумму")), at_least_a_ruble])
    period_count = wtforms.StringField(_("Платить раз в"), default="1", filters=[one_line])
    period_unit = wtforms.SelectField(_("Единица времени"), choices=options(UNITS), default="month")

    def check(self, *, notice: timedelta) -> bool:
        """Validate, with how early charges are announced. The period of a one-off is not looked at."""
        good = self.validate()
        if self.kind.data != RECURRING:
            return good
        period = self.period
        if period is None:
            self.refuse("period_count", str(_("Введите число от 1 до 366")))
            return False
        try:
            require_room_for_notice(period, notice)
        except Refused as error:
            self.refuse("period_count", gettext(str(error)))
            return False
        return good

    @property
    def period(self) -> Period | None:
        """The period of a recurring price, if both of its fields make sense; None for a one-off."""
        count: Any = self.period_count.data or ""
        unit = self.period_unit.data
        if self.kind.data != RECURRING or unit not in dict(UNITS) or not _UP_TO_THREE_DIGITS.fullmatch(count):
            return None
        return Period(cast("Unit", unit), int(count)) if 1 <= int(count) <= LONGEST_PERIOD else None

    @property
    def money(self) -> Money:
        """The sum of a form that has been checked."""
        return cast("Money", self.amount.data)
