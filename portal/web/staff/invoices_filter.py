"""The filter of invoices as a form in the address, and its conditions as chips that can be taken away."""

from __future__ import annotations

from uuid import UUID

import wtforms

from portal.web.kit.fields import DateField
from portal.web.kit.filters import date_text
from portal.web.kit.forms import Form, options
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.words import WORDS, word
from portal.web.staff.addresses import list_url
from portal.web.staff.payments_filter import Chip
from portal.web.staff.queries.invoices import InvoiceFilter
from portal.web.staff.queries.search import searchable

LIST = "/staff/invoices"
_STATUSES = [("", _("Любое")), *((key, found.text) for key, found in WORDS["invoice"].items() if key != "draft")]


class InvoicesForm(Form):
    """What a list of invoices can be narrowed by; the days are those of issue."""

    q = wtforms.StringField(_("Клиент, номер счёта или договора"), filters=[searchable])
    status = wtforms.SelectField(_("Состояние"), choices=options(_STATUSES), default="")
    first_on = DateField(_("Выставлен с"))
    last_on = DateField(_("Выставлен по"))

    def wanted(self, *, view: str, customer_id: UUID | None) -> InvoiceFilter:
        """The filter of a valid form."""
        return InvoiceFilter(
            text=self.q.data or "",
            view=view,
            status=self.status.data or "",
            first_on=self.first_on.data,
            last_on=self.last_on.data,
            customer_id=customer_id,
        )

    def typed(self) -> dict[str, str]:
        """The values as they stand in an address."""
        days = {name: str((self[name].raw_data or ("",))[0]) for name in ("first_on", "last_on")}
        return {"q": self.q.data or "", "status": self.status.data or "", **days}


def invoice_chips(wanted: InvoiceFilter, kept: dict[str, str], customer_name: str) -> list[Chip]:
    """The conditions that are on; `kept` are the values of the address."""
    shown = (
        ("customer", gettext("Клиент"), customer_name),
        ("status", gettext("Состояние"), str(word("invoice", wanted.status).text) if wanted.status else ""),
        ("first_on", gettext("С"), date_text(wanted.first_on) if wanted.first_on else ""),
        ("last_on", gettext("По"), date_text(wanted.last_on) if wanted.last_on else ""),
    )
    return [Chip(name, value, list_url(LIST, {**kept, key: ""})) for key, name, value in shown if value]
