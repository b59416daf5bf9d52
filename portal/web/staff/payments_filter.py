"""The filter of payments as a form in the address, and its conditions as chips that can be taken away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode
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
from portal.web.staff.queries.payment_filter import VIEWS, PaymentFilter
from portal.web.staff.queries.payments import Order
from portal.web.staff.queries.search import searchable
from portal.web.staff.words import INITIATORS, METHODS, method_name

LIST = "/staff/payments"
# The names of orders as they stand in an address; without one the newest come first.
ORDERS = {
    "": Order(),
    "at": Order(descending=False),
    "-sum": Order("kopecks"),
    "sum": Order("kopecks", descending=False),
}
_ANY = ("", _("Неважно"))
_STATUSES = [("", _("Любое")), *((key, found.text) for key, found in WORDS["payment"].items())]


class Chip(NamedTuple):
    """A condition that is on, and the address of the list without it."""

    name: str
    value: str
    without: str


class PaymentsForm(Form):
    """What a list of payments can be narrowed by."""

    q = wtforms.StringField(_("Клиент, телефон, ИНН, номер платежа или счёта"), filters=[searchable])
    status = wtforms.SelectField(_("Состояние"), choices=options(_STATUSES), default="")
    initiator = wtforms.SelectField(_("Кто начал"), choices=options([_ANY, *INITIATORS.items()]), default="")
    method = wtforms.SelectField(_("Способ"), choices=options([_ANY, *METHODS.items()]), default="")
    contract = wtforms.StringField(_("Номер договора"), filters=[searchable])
    first_on = DateField(_("С даты"))
    last_on = DateField(_("По дату"))
    last4 = wtforms.StringField(
        _("Последние 4 цифры карты"), [Optional(), Regexp(r"[0-9]{4}\Z", message=_("Введите четыре цифры"))]
    )
    least = MoneyField(_("Сумма от, ₽"))
    most = MoneyField(_("Сумма до, ₽"))

    def check(self) -> bool:
        """Validate, with what depends on two fields."""
        good = self.validate()
        if good and _crossed(self.first_on.data, self.last_on.data):
            self.refuse("last_on", gettext("Последний день раньше первого"))
            return False
        if good and self.least.data and self.most.data and self.most.data.kopecks < self.least.data.kopecks:
            self.refuse("most", gettext("Наибольшая сумма меньше наименьшей"))
            return False
        return good

    def wanted(self, *, view: str, customer_id: UUID | None) -> PaymentFilter:
        """The filter of a form that has been checked."""
        return PaymentFilter(
            text=self.q.data or "",
            view=view,
            status=self.status.data or "",
            initiator=self.initiator.data or "",
            method=self.method.data or "",
            contract=self.contract.data or "",
            first_on=self.first_on.data,
            last_on=self.last_on.data,
            last4=self.last4.data or "",
            least_kopecks=_kopecks(self.least.data),
            most_kopecks=_kopecks(self.most.data),
            customer_id=customer_id,
        )


class Asked(NamedTuple):
    """What an address asks for: the form as it was filled in, whether it makes sense, and the filter if it does.

    `kept` are the values that stand for the filter in every address of the list.
    """

    form: PaymentsForm
    good: bool
    wanted: PaymentFilter
    kept: dict[str, str]

    @property
    def query(self) -> str:
        """The filter in one line, the same for the same filter: what a saved view and an export hold."""
        return urlencode({name: value for name, value in self.kept.items() if value})


def read_filter(query: Mapping[str, str]) -> Asked:
    """The filter in an address. An unknown view, or a customer that is no id, filters nothing."""
    form = PaymentsForm(QueryParams(query))
    view = next((view for view in VIEWS if view == query.get("view")), "")
    customer_id = read_customer_id(query)
    good = form.check()
    wanted = form.wanted(view=view, customer_id=customer_id) if good else PaymentFilter(view=view)
    return Asked(form, good, wanted, {**form.typed(), "view": view, "customer": str(customer_id or "")})


def read_customer_id(query: Mapping[str, str]) -> UUID | None:
    """The customer whose rows are asked for; None for no or a wrong id."""
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
        ("method", gettext("Способ"), method_name(wanted.method, None) if wanted.method else ""),
        ("contract", gettext("Договор"), wanted.contract),
        ("first_on", gettext("С"), date_text(wanted.first_on) if wanted.first_on else ""),
        ("last_on", gettext("По"), date_text(wanted.last_on) if wanted.last_on else ""),
        ("last4", gettext("Карта"), card(wanted.last4) if wanted.last4 else ""),
        ("least", gettext("Сумма от"), money(wanted.least_kopecks) if wanted.least_kopecks is not None else ""),
        ("most", gettext("Сумма до"), money(wanted.most_kopecks) if wanted.most_kopecks is not None else ""),
    )
    return [Chip(name, value, list_url(LIST, {**kept, key: ""})) for key, name, value in shown if value]


def _crossed(first: date | None, last: date | None) -> bool:
    return first is not None and last is not None and last < first


def _kopecks(amount: Money | None) -> int | None:
    return amount.kopecks if amount else None
