"""Fields that accept what people type: sums, phones, addresses, dates, taxpayer numbers.

A field that could not be read keeps the text as it was typed, and its `data` is None.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import phonenumbers
import wtforms
from email_validator import EmailNotValidError, validate_email
from stdnum.exceptions import ValidationError as NumberError
from stdnum.ru import inn as inn_rules
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from kernel.money import BadAmount, Money
from portal.web.kit.filters import phone as phone_text
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_RUBLES = re.compile(r"(?:₽|руб\.?|р\.?)$", re.IGNORECASE)
_PLAIN_SUM = re.compile(r"\d{1,15}(?:[.,]\d{1,2})?")
_EITHER_SUM = re.compile(r"([1-9]\d{0,2})[.,](\d{3})")
_FINE_SUM = re.compile(r"\d+[.,]\d{3,}")
_LARGE_SUM = re.compile(r"\d{14,}(?:[.,]\d{1,2})?")
_GROUPED_SUM = re.compile(r"\d{1,3}(?:,\d{3})+\.\d{2}|\d{1,3}(?:\.\d{3})+,\d{2}")
_DATE = re.compile(r"(?P<day>\d{1,2})[./-](?P<month>\d{1,2})[./-](?P<year>\d{4})")
_ISO_DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")
# 31.12.9999 means «for ever» in other programs: a day later there is no calendar.
_YEARS = range(1900, 3000)


class _LineField(wtforms.Field):
    """A one-line field. A subclass reads the text into a value and writes the value back."""

    data: Any

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        text = str(valuelist[0]).strip() if valuelist else ""
        self.data = None
        if text:
            self.data = self.read(text)

    def read(self, text: str) -> object:
        """The value of a non-empty text.

        Raises:
            ValueError: with the reason in the reader's words.
        """
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """The text that shows the value in the field."""
        return str(value)

    def _value(self) -> str:
        if self.data is None:
            return str(self.raw_data[0]) if self.raw_data else ""
        return self.write(self.data)

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002  # the name is the base class's
        # A text that was not understood has said so already: «заполните поле» on top would confuse.
        if self.process_errors:
            raise StopValidation


def parse_sum(text: str) -> Money:
    """Money from «1234,56», «1 234.56 ₽», «1,234.56».

    Raises:
        ValueError: not a sum, or one that could mean two things («1,234»).
    """
    bare = _RUBLES.sub("", _SPACES.sub("", text))
    if _GROUPED_SUM.fullmatch(bare):
        bare = f"{re.sub(r'[.,]', '', bare[:-3])}.{bare[-2:]}"
    elif not _PLAIN_SUM.fullmatch(bare):
        raise ValueError(_why_no_sum(bare))
    try:
        return Money.parse(bare.replace(",", "."))
    except BadAmount as error:
        raise ValueError(_why_no_sum(bare)) from error


def _why_no_sum(bare: str) -> str:
    if bare.startswith(("-", "−")):
        return gettext("Сумма не может быть отрицательной")
    either = _EITHER_SUM.fullmatch(bare)
    if either:
        return gettext("Непонятно, %(sum)s рублей или дробь: напишите %(sum)s,00") % {"sum": either[1] + either[2]}
    if _FINE_SUM.fullmatch(bare):
        return gettext("После запятой не больше двух знаков: копейки не делятся")
    if _LARGE_SUM.fullmatch(bare):
        return gettext("Такой большой суммы быть не может, проверьте цифры")
    return gettext("Введите сумму цифрами, например 1234,56")


def parse_phone(text: str) -> str:
    """E.164 from a Russian number in any form, or a foreign one that starts with +.

    Raises:
        ValueError: no such number can exist.
    """
    try:
        number = phonenumbers.parse(text, "RU")
    except phonenumbers.NumberParseException as error:
        raise ValueError(_("Введите телефон с кодом, например 8 916 123-45-67")) from error
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise ValueError(_("Такого номера телефона не бывает. Проверьте цифры"))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def parse_email(text: str) -> str:
    """The address in its normal form.

    Raises:
        ValueError: it is not an address, or one that our mail cannot carry: not every server takes other letters.
    """
    if not text.rpartition("@")[0].isascii():
        raise ValueError(_("Наберите адрес латинскими буквами: на такой письма не доходят"))
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(_("Введите почту целиком, например anna@example.ru")) from error


def parse_date(text: str) -> date:
    """A date from «21.11.2026», «21/11/2026» or «2026-11-21».

    Raises:
        ValueError: not a date of the calendar, or of no year that anything of ours can be in.
    """
    found = _DATE.fullmatch(text) or _ISO_DATE.fullmatch(text)
    if not found:
        raise ValueError(_("Введите дату как 21.11.2026"))
    try:
        read = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError as error:
        raise ValueError(_("Такой даты нет в календаре")) from error
    if read.year not in _YEARS:
        raise ValueError(_("Проверьте год"))
    return read


def parse_inn(text: str) -> str:
    """A taxpayer number of 10 or 12 digits with right check digits.

    Raises:
        ValueError: it is not one.
    """
    try:
        return str(inn_rules.validate(text))
    except NumberError as error:
        raise ValueError(_("Проверьте ИНН: 10 цифр у организации, 12 у человека, последние контрольные")) from error


class MoneyField(_LineField):
    """A sum. `data` is `Money` or None."""

    data: Money | None

    def read(self, text: str) -> Money:
        return parse_sum(text)

    def write(self, value: Money) -> str:
        return value.value.replace(".", ",")


class PhoneField(_LineField):
    """A phone. `data` is E.164 or None."""

    data: str | None

    def read(self, text: str) -> str:
        return parse_phone(text)

    def write(self, value: str) -> str:
        return phone_text(value)


class EmailField(_LineField):
    """An e-mail address. `data` is its normal form or None."""

    data: str | None

    def read(self, text: str) -> str:
        return parse_email(text)


class DateField(_LineField):
    """A civil date. `data` is a `date` or None."""

    data: date | None

    def read(self, text: str) -> date:
        return parse_date(text)

    def write(self, value: date) -> str:
        return value.strftime("%d.%m.%Y")


class InnField(_LineField):
    """A taxpayer number. `data` is its digits or None."""

    data: str | None

    def read(self, text: str) -> str:
        return parse_inn(text)
