from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.contracts.periods import Period
from portal.imports.cells import clean
from portal.imports.contacts import email, phone
from portal.imports.dates import civil_date
from portal.imports.periods import period, period_in_words
from portal.imports.problems import BadCell
from portal.imports.requisites import inn, kpp
from portal.imports.sums import kopecks
from tests.portal.imports.making import PHONES


@pytest.mark.parametrize("write", PHONES)
def test_a_phone_in_ten_formats_is_one_number(write: object) -> None:
    assert callable(write)
    assert phone(clean(write("01", "12"))) == "+79000000112"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("8 900 000 01 1", "не бывает"),
        ("123-45-67", "не бывает"),
        ("8 900 000-01-12, 8 900 000-01-13", "несколько"),
        ("+79000000112 +79000000113", "несколько"),
        ("8 9OO 000-01-12", "лишние знаки"),
        ("спросить у Анны", "лишние знаки"),
        ("8 900 000-01-12 доб. 5", "добавочный"),
        ("7,90E+10", "Excel"),
    ],
)
def test_a_doubtful_phone_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadCell, match=reason):
        phone(text)


def test_a_foreign_phone_keeps_its_country() -> None:
    assert phone("+375 29 123-45-67") == "+375291234567"


@pytest.mark.parametrize(
    ("text", "stored"),
    [("Anna@Example.COM", "anna@example.com"), ("a.b+c@пример.рф", "a.b+c@xn--e1afmkfd.xn--p1ai")],
)
def test_an_address_is_stored_in_one_form(text: str, stored: str) -> None:
    assert email(text) == stored


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("annа@example.com", "русская буква «а» среди латинских, знак 4"),
        ("anna@exаmple.com", "русская буква «а» среди латинских, знак 8"),
        ("a@example.com b@example.com", "несколько"),
        ("anna.example.com", "не адрес"),
        ("a b@example.com", "не адрес"),
    ],
)
def test_a_doubtful_address_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadCell, match=reason):
        email(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 234,56", 123456),
        ("1234.56", 123456),
        ("1 234,56 ₽", 123456),
        ("1\u00a0234,56\u202f₽", 123456),
        ("1,234.56", 123456),
        ("1.234,56", 123456),
        ("1,234,567", 123456700),
        ("1 234 567,8", 123456780),
        ("1'500.00", 150000),
        ("1500 руб.", 150000),
        ("1500р", 150000),
        ("1", 100),
    ],
)
def test_a_sum_is_read_to_the_kopeck(text: str, expected: int) -> None:
    assert kopecks(clean(text)) == expected


@given(st.integers(100, 10**10))
def test_every_way_of_writing_a_sum_gives_the_same_kopecks(amount: int) -> None:
    rubles, rest = divmod(amount, 100)
    spaced = f"{rubles:,}".replace(",", " ")
    written = (f"{rubles}.{rest:02d}", f"{rubles},{rest:02d}", f"{spaced},{rest:02d} ₽", f"{rubles:,}.{rest:02d}")
    assert {kopecks(text) for text in written} == {amount}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,234", "непонятно, 1234 рублей или дробь"),
        ("1.234", "непонятно"),
        ("1 500,555", "больше двух знаков"),
        ("12 34", "это не сумма"),
        ("1,23,456", "это не сумма"),
        ("1 234,567.89", "это не сумма"),
        ("1e5", "это не сумма"),
        ("-5", "отрицательная"),
        ("0,99", "меньше одного рубля"),
        ("9" * 30, "слишком велика"),
    ],
)
def test_a_doubtful_sum_is_refused_not_guessed(text: str, reason: str) -> None:
    with pytest.raises(BadCell, match=reason):
        kopecks(text)


@pytest.mark.parametrize("text", ["01.02.2030", "1.2.2030", "2030-02-01", "2030-02-01 00:00:00", "01.02.2030 0:00"])
def test_a_date_in_either_form(text: str) -> None:
    assert civil_date(text) == date(2030, 2, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31.02.2030", "такого дня нет"),
        ("01.02.30", "двумя цифрами"),
        ("01/02/2030", "где день, а где месяц"),
        ("47543", "Excel"),
        ("завтра", "это не дата"),
        ("2030-02-01 13:00", "это не дата"),
    ],
)
def test_a_doubtful_date_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadCell, match=reason):
        civil_date(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Месяц", Period("month")),
        ("раз в 2 месяца", Period("month", 2)),
        ("2 мес.", Period("month", 2)),
        ("квартал", Period("month", 3)),
        ("полгода", Period("month", 6)),
        ("ежегодно", Period("year")),
        ("каждую неделю", Period("week")),
        ("21 день", Period("day", 21)),
    ],
)
def test_a_period_in_words(text: str, expected: Period) -> None:
    assert period(text) == expected


@given(st.sampled_from(["day", "week", "month", "year"]), st.integers(1, 10))
def test_a_period_told_in_words_is_read_back(unit: object, count: int) -> None:
    every = Period(unit, count)  # type: ignore[arg-type]  # sampled from the very literals
    assert period(period_in_words(every)) == every


@pytest.mark.parametrize("text", ["иногда", "0 месяцев", "400 дней", "11 лет", "2 квартала", "-1 месяц"])
def test_an_unknown_period_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        period(text)


def test_requisites_are_checked() -> None:
    assert inn("77070 83893") == "7707083893"
    assert inn("500100732259") == "500100732259"
    assert kpp("773601001") == "773601001"
    for bad in ("7707083894", "500100732258", "770708389", "77O7083893", "7,70708E+09"):
        with pytest.raises(BadCell):
            inn(bad)


def test_cells_are_cleaned_of_what_cannot_be_seen() -> None:
    assert clean("\ufeff  Анна\u00a0\n Пример\u200bова\u00ad ") == "Анна Примерова"
    with pytest.raises(BadCell, match=r"U\+0000"):
        clean("Анна\0")
