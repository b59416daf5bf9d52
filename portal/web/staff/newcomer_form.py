"""The form of a new customer, held to the rules that files are held to."""

from __future__ import annotations

from uuid import UUID

import wtforms

from payments.customers.models import COMPANY, PERSON
from payments.customers.registration import CustomerData
from portal.imports import contacts
from portal.imports.customers import ENTREPRENEUR
from portal.imports.problems import BadCell
from portal.imports.requisites import COMPANY_DIGITS, PERSON_DIGITS
from portal.web.kit.fields import EmailField, InnField, PhoneField
from portal.web.kit.forms import Form, at_most, options, required
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.staff.typed import one_line

_UNFIT = {
    "email": _("Наберите адрес латинскими буквами: на такой письма не доходят"),
    "phone": _("Введите один номер без добавочного, например 8 916 123-45-67"),
}
_NO_CONTACT = _("Нужна почта или телефон: иначе клиента не предупредить о списании")
_INN_OF_COMPANY = _("У организации в ИНН 10 цифр")
_INN_OF_PERSON = _("У человека и ИП в ИНН 12 цифр")
_KINDS = ((PERSON, _("Человек")), (ENTREPRENEUR, _("ИП")), (COMPANY, _("Организация")))


class NewcomerForm(Form):
    """Who pays, and how to reach them. `seen`: lookalikes that were shown and found to be others."""

    kind = wtforms.RadioField(_("Кто это"), choices=options(_KINDS), default=PERSON)
    name = wtforms.StringField(
        _("Имя или название"), [required(_("Напишите, как зовут клиента")), at_most(250)], filters=[one_line]
    )
    email = EmailField(_("Почта"))
    phone = PhoneField(_("Телефон"))
    inn = InnField(_("ИНН"))
    seen = wtforms.HiddenField()

    def check(self) -> bool:
        """Validate, with what depends on several fields or on how letters travel."""
        good = self.validate()
        return all((good, self._fits("email"), self._fits("phone"), self._reachable(), self._inn_fits()))

    @property
    def data_of_customer(self) -> CustomerData:
        """The customer of a form that has been checked; an entrepreneur signs and is billed as a company."""
        return CustomerData(
            name=str(self.name.data),
            kind=PERSON if self.kind.data == PERSON else COMPANY,
            email=contacts.email(self.email.data) if self.email.data else None,
            phone=self.phone.data,
            inn=self.inn.data,
        )

    @property
    def seen_ids(self) -> list[UUID]:
        """The lookalikes that were shown; rubbish names nobody."""
        found = []
        for text in str(self.seen.data or "").split():
            try:
                found.append(UUID(text))
            except ValueError:
                continue
        return found

    def _fits(self, name: str) -> bool:
        # The kit's fields are lenient: they drop an extension, they take letters that no mail server takes.
        raw = self[name].raw_data
        typed = str(raw[0]).strip() if raw else ""
        if not typed or self[name].errors:
            return True
        try:
            contacts.email(typed) if name == "email" else contacts.phone(typed)
        except BadCell:
            self[name].data = None  # so that the field shows what was typed
            self.refuse(name, str(_UNFIT[name]))
            return False
        return True

    def _reachable(self) -> bool:
        if self.email.data or self.phone.data or self.email.errors or self.phone.errors:
            return True
        self.refuse("email", str(_NO_CONTACT))
        return False

    def _inn_fits(self) -> bool:
        digits = COMPANY_DIGITS if self.kind.data == COMPANY else PERSON_DIGITS
        if not self.inn.data or len(self.inn.data) == digits:
            return True
        self.refuse("inn", str(_INN_OF_COMPANY if self.kind.data == COMPANY else _INN_OF_PERSON))
        return False
