"""How money, dates, phones and cards are written: one filter for each, the same on pages and in letters."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

import phonenumbers
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from kernel.money import Money
from kernel.settings import get_settings
from portal.web.kit.i18n import gettext, language

if TYPE_CHECKING:
    from collections.abc import Callable

NBSP = "\u00a0"
MINUS = "\u2212"
_RUSSIA = 7
_NONE, _MINUTE = timedelta(0), timedelta(minutes=1)
_NO_PARENTHESES = str.maketrans("", "", "()")
_SIGNS = {"RUB": "₽"}
_FRACTION = re.compile(r"[,.]\d{2}\D+$")


def money(amount: Money | int) -> str:
    """«1 234,56 ₽» from `Money` or kopecks, with no-break spaces and a true minus."""
    return _money(amount if isinstance(amount, Money) else Money(amount), language())


@lru_cache(maxsize=4096)
def _money(amount: Money, locale: str) -> str:
    number = format_decimal(Decimal(amount.value), "#,##0.00", locale=locale)
    return f"{number.replace('-', MINUS)}{NBSP}{_SIGNS.get(amount.currency, amount.currency)}"


@lru_cache(maxsize=4096)
def _date(day: date, pattern: str, locale: str) -> str:
    return format_date(day, pattern, locale=locale)


def money_parts(amount: Money | int) -> Markup:
    """The same for a large `.sum`: kopecks and the sign in `<small>`."""
    text = money(amount)
    cut = _FRACTION.search(text)
    whole, rest = (text[: cut.start()], text[cut.start() :]) if cut else (text, "")
    return Markup("{}<small>{}</small>").format(whole, rest)


def number(value: int) -> str:
    """«1 248»."""
    return format_decimal(value, locale=language())


def date_text(day: date) -> str:
    """«21 ноября 2026»; an instant gives its business date."""
    return _date(_business_day(day), "d MMMM yyyy", language())


def month_text(day: date) -> str:
    """«Ноябрь 2026»."""
    text = _date(_business_day(day), "LLLL yyyy", language())
    return text[:1].upper() + text[1:]


def day_and_month(day: date) -> str:
    """«21 ноября»."""
    return _date(_business_day(day), "d MMMM", language())


def short_month(day: date) -> str:
    """«дек», «мая»: the lower line of a calendar day, always three letters, in the case that follows a number."""
    return _date(_business_day(day), "d MMMM", language()).split()[1][:3]


def weekday_and_day(day: date) -> str:
    """«пн 26»: below the bar of a day."""
    return _date(_business_day(day), "EEE d", language())


def datetime_text(at: datetime) -> str:
    """«21 ноября 2026, 15:00» in the business time zone."""
    return format_datetime(_business_time(at), "d MMMM yyyy, HH:mm", locale=language())


def zoned_text(at: datetime) -> str:
    """«21 ноября 2026, 15:00 (UTC+3)»: where the reader may live in another zone."""
    local = _business_time(at)
    hours, minutes = divmod(abs(local.utcoffset() or _NONE) // _MINUTE, 60)
    sign = MINUS if (local.utcoffset() or _NONE) < _NONE else "+"
    return f"{datetime_text(local)} (UTC{sign}{hours}{f':{minutes:02d}' if minutes else ''})"


def ago(at: datetime, now: datetime) -> str:
    """«5 минут назад», «сейчас»: how long before `now` it was."""
    if now - at < _MINUTE:
        return gettext("сейчас")
    return format_timedelta(at - now, add_direction=True, locale=language())


def time_text(at: datetime) -> str:
    """«15:00» in the business time zone."""
    return format_datetime(_business_time(at), "HH:mm", locale=language())


def date_tag(day: date) -> Markup:
    """`<time>` with «21 ноября 2026»."""
    return _tag(_business_day(day).isoformat(), date_text(day))


def datetime_tag(at: datetime) -> Markup:
    """`<time>` with «21 ноября 2026, 15:00»."""
    return _tag(_business_time(at).isoformat(timespec="minutes"), datetime_text(at))


def zoned_tag(at: datetime) -> Markup:
    """`<time>` with «21 ноября 2026, 15:00 (UTC+3)»."""
    return _tag(_business_time(at).isoformat(timespec="minutes"), zoned_text(at))


def time_tag(at: datetime) -> Markup:
    """`<time>` with «15:00»."""
    return _tag(_business_time(at).isoformat(timespec="minutes"), time_text(at))


def phone(e164: str) -> str:
    """«+7 916 123-45-67» from E.164, «8 800 555-35-35» if the call is free; anything else as it is."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    form = phonenumbers.PhoneNumberFormat
    toll_free = number.country_code == _RUSSIA and str(number.national_number).startswith("800")
    text = phonenumbers.format_number(number, form.NATIONAL if toll_free else form.INTERNATIONAL)
    return str(text).translate(_NO_PARENTHESES).replace(" ", NBSP)


def tel(phone: str) -> str:
    """«tel:+79161234567»: what to dial, without the spaces and signs that people write."""
    return "tel:" + "".join(sign for sign in phone if sign in "+0123456789")


def card(last4: str) -> str:
    """«•• 4477»."""
    return f"••{NBSP}{last4}"


def initials(name: str) -> str:
    """«АК» from «Анна Ковалёва»: first letters of the first two words."""
    return "".join(word[0] for word in re.findall(r"\w+", name)[:2]).upper()


def lines(text: str) -> Markup:
    """The text with its line breaks kept."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def _business_time(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"naive datetime {at!r}: instants are aware UTC")
    return at.astimezone(get_settings().zone)


def _business_day(day: date) -> date:
    return _business_time(day).date() if isinstance(day, datetime) else day


def _tag(machine: str, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(machine, text)


def percent_text(value: float) -> str:
    """«94,2 %», «100 %»."""
    return f"{format_decimal(round(value, 1), '#,##0.#', locale=language())}{NBSP}%"


FILTERS: dict[str, Callable[..., str]] = {
    "money": money,
    "money_parts": money_parts,
    "number": number,
    "percent": percent_text,
    "date": date_tag,
    "date_text": date_text,
    "month": month_text,
    "day_and_month": day_and_month,
    "short_month": short_month,
    "datetime": datetime_tag,
    "datetime_text": datetime_text,
    "zoned": zoned_tag,
    "time": time_tag,
    "time_text": time_text,
    "ago": ago,
    "phone": phone,
    "tel": tel,
    "card": card,
    "initials": initials,
    "lines": lines,
}
