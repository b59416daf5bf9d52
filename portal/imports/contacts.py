"""E-mail addresses and telephone numbers as people type them."""

from __future__ import annotations

import re

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from portal.imports.lookalikes import mixed
from portal.imports.problems import BadCell

_REGION = "RU"
_PREFIX = re.compile(r"^'?(тел|телефон|моб|мобильный|phone|tel|mob)?[.:\s]*", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[\d\s()./\-‐‑‒–—−]+")
_EXTENSION = re.compile(r"(доб|вн|ext|x)\.?\s*\d+\s*\)?$", re.IGNORECASE)
_EXPONENT = re.compile(r"^[\d.,]+e\+?\d+$", re.IGNORECASE)
_SEVERAL = re.compile(r"[,;]|\d\s*/\s*[+\d]|\sи\s")
_LATER_PLUS = re.compile(r"(?<!^)\+")


def email(text: str) -> str:
    """The address in lower case, its domain in ASCII.

    Raises:
        BadCell: not one address, or Russian letters that look like Latin ones.
    """
    if sum("@" in part for part in re.split(r"[,;\s]+", text)) > 1:
        raise BadCell("несколько адресов в одной ячейке: оставьте один")
    stranger = mixed(text)
    if stranger:
        raise BadCell(stranger)
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise BadCell("это не адрес почты") from error
    return (found.ascii_email or found.normalized).lower()


def phone(text: str) -> str:
    """The number in E.164; without a country code it is a Russian one.

    Raises:
        BadCell: no number, not one number, or one that cannot exist.
    """
    if _EXPONENT.match(text):
        raise BadCell("Excel превратил номер в число: задайте столбцу текстовый формат и сохраните заново")
    if _EXTENSION.search(text):
        raise BadCell("добавочный номер не хранится: уберите его")
    digits = _PREFIX.sub("", text)
    if _SEVERAL.search(digits) or _LATER_PLUS.search(digits):
        raise BadCell("несколько номеров в одной ячейке: оставьте один")
    if not _NUMBER.fullmatch(digits):
        raise BadCell("в номере лишние знаки")
    try:
        number = phonenumbers.parse(digits, _REGION)
    except phonenumbers.NumberParseException as error:
        raise BadCell("это не номер телефона") from error
    if not phonenumbers.is_valid_number(number):
        raise BadCell("такого номера не бывает: проверьте число цифр и код")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
