"""The form in which a customer's data are changed.

Only what was changed on the page is stored, so that two people who change different fields at once do not undo each
other.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import wtforms

from payments.customers.models import COMPANY, PERSON, Customer
from payments.customers.registration import CustomerData
from portal.imports import requisites
from portal.imports.customers import ENTREPRENEUR
from portal.imports.problems import BadCell
from portal.imports.requisites import PERSON_DIGITS
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.staff.newcomer_form import NewcomerForm
from portal.web.staff.typed import one_line

_BAD_KPP = _("В КПП 9 знаков")
_KPP_OF_PERSON = _("КПП бывает только у организации")


class CustomerForm(NewcomerForm):
    """Who pays and how to reach them. `shown`: the data that the page showed when it was opened."""

    kpp = wtforms.StringField(_("КПП"), filters=[one_line])
    shown = wtforms.HiddenField()

    def check(self) -> bool:
        """Validate, with what depends on several fields."""
        return all((super().check(), self._kpp_fits()))

    def merged(self, current: CustomerData) -> CustomerData:
        """The present data of the customer with what was changed on the page."""
        typed, shown = asdict(self.data_of_customer), self._shown()
        return replace(current, **{name: value for name, value in typed.items() if shown.get(name, ...) != value})

    @property
    def data_of_customer(self) -> CustomerData:
        """The data of a form that has been checked."""
        kpp = str(self.kpp.data or "").replace(" ", "").upper()
        return replace(super().data_of_customer, kpp=kpp or None)

    def _kpp_fits(self) -> bool:
        if not self.kpp.data:
            return True
        if self.kind.data != COMPANY:
            self.refuse("kpp", str(_KPP_OF_PERSON))
            return False
        try:
            requisites.kpp(str(self.kpp.data))
        except BadCell:
            self.refuse("kpp", str(_BAD_KPP))
            return False
        return True

    def _shown(self) -> dict[str, Any]:
        try:
            found = json.loads(str(self.shown.data or ""))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def data_of(customer: Customer) -> CustomerData:
    """What is known of the customer now."""
    return CustomerData(**{name: getattr(customer, name) for name in CustomerData.__dataclass_fields__})


def filled(customer: Customer) -> CustomerForm:
    """The form with the customer's data; an entrepreneur is told from an organisation by the length of the ИНН."""
    data = data_of(customer)
    entrepreneur = data.kind == COMPANY and len(data.inn or "") == PERSON_DIGITS
    kind = ENTREPRENEUR if entrepreneur else data.kind or PERSON
    return CustomerForm(data={**asdict(data), "kind": kind, "shown": json.dumps(asdict(data), ensure_ascii=False)})
