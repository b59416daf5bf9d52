"""The form of an invoice for once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import wtforms

from kernel.clock import business_date
from kernel.money import Money
from payments.invoicing.one_off import OneOff
from portal.web.kit.fields import DateField, MoneyField
from portal.web.kit.forms import at_most, options, required
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.staff.keyed_form import KeyedForm
from portal.web.staff.queries.invoice_card import Billable
from portal.web.staff.terms_form import LATEST_YEARS, at_least_a_ruble
from portal.web.staff.typed import one_line


class InvoiceForm(KeyedForm):
    """What is asked for, how much, until when."""

    title = wtforms.StringField(
        _("За что платит клиент"), [required(_("Напишите, за что платит клиент")), at_most(200)], filters=[one_line]
    )
    amount = MoneyField(_("Сумма, ₽"), [required(_("Введите сумму")), at_least_a_ruble])
    due_on = DateField(_("Оплатить до"), [required(_("Введите дату"))])
    contract = wtforms.SelectField(_("Договор"), default="", validate_choice=False)
    _offered: set[str]
    told = wtforms.BooleanField(_("Сразу отправить счёт письмом"), default=True)

    def offer(self, contracts: Sequence[Billable]) -> None:
        """Fill in the contracts that it may supplement."""
        named = ((str(it.id), f"№ {it.number}, {it.title}") for it in contracts)
        self.contract.choices = options([("", gettext("Без договора: отдельный счёт")), *named])
        self._offered = {"", *(str(it.id) for it in contracts)}

    def check(self, *, now: datetime) -> bool:
        """Validate, with what depends on the day and on the contracts offered."""
        good = self.validate()
        today, day = business_date(now), self.due_on.data
        if day and day < today:
            self.refuse("due_on", str(_("Эта дата уже прошла")))
            good = False
        if day and day.year > today.year + LATEST_YEARS:
            self.refuse("due_on", str(_("Слишком далеко: не позже чем через пять лет")))
            good = False
        if (self.contract.data or "") not in self._offered:
            self.refuse("contract", str(_("Такого договора у клиента нет")))
            good = False
        return good

    def wanted(self, customer_id: UUID) -> OneOff:
        """The invoice of a form that has been checked."""
        assert self.due_on.data
        return OneOff(
            key=self.act,
            customer_id=customer_id,
            title=str(self.title.data),
            kopecks=cast("Money", self.amount.data).kopecks,
            due_on=self.due_on.data,
            base_id=_uuid(self.contract.data),
            told=bool(self.told.data),
        )


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
