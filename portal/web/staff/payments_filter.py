"""The filter of payments as a form in the address, and its conditions as chips that can be taken away."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import wtforms
from starlette.datastructures import QueryParams
from wtforms.validators import Optional, Regexp

from kernel.money import Money
from portal.web.kit.fields import DateField, MoneyField
from portal.web.kit.filters import card, date_text, money
from portal.web.kit.forms import Form, options
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.words import WORDS, word
from portal.web.staff.addresses import list_url
from portal.web.staff.queries.payments import PaymentFilter
from portal.web.staff.queries.search import searchable
from portal.web.staff.words import INITIATORS

LIST = "/staff/payments"
VIEWS = ("failed", "unknown")
_INITIATORS = [("", _("Неважно")), *INITIATORS.items()]
_STATUSES = [("", _("Любое")), *((key, found.text) for key, found in WORDS["payment"].items())]


class Chip(NamedTuple):
    """A condition that is on, and the address of the list without it."""

    name: str
    value: str
    without: str


class PaymentsForm(Form):
    """What a list of payments can be narrowed by."""

    q = wtforms.StringField(_("Клиент, телефон, ИНН, номер платежа"), filters=[searchable])
    status = wtforms.SelectField(_("Состояние"), choices=options(_STATUSES), default="")
    initiator = wtforms.SelectField(_("Кто начал"), choices=options(_INITIATORS), default="")
    first_on = DateField(_("С даты"))
    last_on = DateField(_("По дату"))
    last4 = wtforms.StringField(
        _("Последние 4 цифры карты"), [Optional(), Regexp(r"[0-9]{4}\Z", message=_("Введите четыре цифры"))]
    )
    least = MoneyField(_("Сумма от, ₽"))
    most = MoneyField(_("Сумма до, ₽"))

    def wanted(self, *, view: str, customer_id: UUID | None) -> PaymentFilter:
        """The filter of a valid form."""
        return PaymentFilter(
            text=self.q.data or "",
            view=view,
            status=self.status.data or "",
            initiator=self.initiator.data or "",
            first_on=self.first_on.data,
            last_on=self.last_on.data,
            last4=self.last4.data or "",
            least_kopecks=_kopecks(self.least.data),
            most_kopecks=_kopecks(self.most.data),
            customer_id=customer_id,
        )

    def typed(self) -> dict[str, str]:
        """The values as they stand in an address."""
        return {field.name: str(field._value() if hasattr(field, "_value") else field.data or "") for field in self}  # noqa: SLF001  WTForms' own name for the text of a field


def read_view(query: QueryParams) -> str:
    """The saved view asked for; empty for none or an unknown one."""
    return next((view for view in VIEWS if view == query.get("view")), "")


def read_customer_id(query: QueryParams) -> UUID | None:
    """The customer whose payments are asked for."""
    try:
        return UUID(query.get("customer", ""))
    except ValueError:
        return None


def chips(wanted: PaymentFilter, kept: dict[str, str], customer_name: str) -> list[Chip]:
    """The conditions that are on; `kept` are the values of the address."""
    shown = (
        ("customer", gettext("Клиент"), customer_name),
        ("status", gettext("Состояние"), str(word("payment", wanted.status).text) if wanted.status else ""),
        ("initiator", gettext("Кто начал"), str(INITIATORS[wanted.initiator]) if wanted.initiator else ""),
        ("first_on", gettext("С"), date_text(wanted.first_on) if wanted.first_on else ""),
        ("last_on", gettext("По"), date_text(wanted.last_on) if wanted.last_on else ""),
        ("last4", gettext("Карта"), card(wanted.last4) if wanted.last4 else ""),
        ("least", gettext("Сумма от"), money(wanted.least_kopecks) if wanted.least_kopecks is not None else ""),
        ("most", gettext("Сумма до"), money(wanted.most_kopecks) if wanted.most_kopecks is not None else ""),
    )
    return [Chip(name, value, list_url(LIST, {**kept, key: ""})) for key, name, value in shown if value]


def _kopecks(amount: Money | None) -> int | None:
    return amount.kopecks if amount else None
