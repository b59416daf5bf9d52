from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from kernel.money import Money
from portal.web.kit import filters
from portal.web.kit.i18n import use_language

NBSP = "\u00a0"
JUST_BEFORE_MIDNIGHT_UTC = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kopecks", "text"),
    [
        (123456, "1 234,56 ₽"),
        (0, "0,00 ₽"),
        (5, "0,05 ₽"),
        (-12450, "−124,50 ₽"),
        (128435000, "1 284 350,00 ₽"),
        (10**15 + 1, "10 000 000 000 000,01 ₽"),
    ],
)
def test_money_is_written_with_no_break_spaces_and_a_true_minus(kopecks: int, text: str) -> None:
    assert filters.money(kopecks) == text.replace(" ", NBSP)


def test_money_takes_the_money_type_as_well_as_kopecks() -> None:
    assert filters.money(Money(100)) == filters.money(100)
    assert filters.money(Money(100, "USD")).endswith("USD")


def test_the_large_sum_has_its_kopecks_and_sign_in_small() -> None:
    assert filters.money_parts(1550000) == f"15{NBSP}500<small>,00{NBSP}₽</small>"


def test_english_writes_the_same_sum_its_own_way() -> None:
    with use_language("en"):
        assert filters.money(-123456) == f"−1,234.56{NBSP}₽"
        assert filters.money_parts(100) == f"1<small>.00{NBSP}₽</small>"


def test_dates_are_business_dates_in_words() -> None:
    assert filters.date_text(date(2026, 11, 21)) == "21 ноября 2026"
    assert filters.date_text(JUST_BEFORE_MIDNIGHT_UTC) == "21 ноября 2026"
    assert filters.date_tag(JUST_BEFORE_MIDNIGHT_UTC) == '<time datetime="2026-11-21">21 ноября 2026</time>'
    assert filters.month_text(date(2026, 11, 1)) == "Ноябрь 2026"
    assert [filters.short_month(date(2026, month, 1)) for month in range(1, 13)] == (
        ["янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"]
    )


def test_instants_are_shown_in_the_business_zone_and_machine_readable() -> None:
    assert filters.datetime_text(JUST_BEFORE_MIDNIGHT_UTC) == "21 ноября 2026, 01:30"
    assert filters.zoned_text(JUST_BEFORE_MIDNIGHT_UTC) == "21 ноября 2026, 01:30 (UTC+3)"
    assert filters.time_tag(JUST_BEFORE_MIDNIGHT_UTC) == '<time datetime="2026-11-21T01:30+03:00">01:30</time>'


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        filters.datetime_text(datetime(2026, 11, 21))


@pytest.mark.parametrize(
    ("e164", "text"),
    [("+79161234567", "+7 916 123-45-67"), ("+78005553535", "8 800 555-35-35"), ("добавочный 5", "добавочный 5")],
)
def test_phones_are_written_for_people(e164: str, text: str) -> None:
    assert filters.phone(e164).replace(NBSP, " ") == text


def test_small_things() -> None:
    assert filters.card("4477") == f"••{NBSP}4477"
    assert filters.initials("Анна Сергеевна Ковалёва") == "АС"
    assert filters.initials("") == ""
    assert filters.number(1248) == f"1{NBSP}248"
    assert filters.lines("a\n<b>") == "a<br>&lt;b&gt;"


def test_a_number_is_dialled_without_the_signs_that_people_write() -> None:
    assert filters.tel("8 800 000-00-17") == "tel:88000000017"
    assert filters.tel("+7 (916) 123-45-67") == "tel:+79161234567"
