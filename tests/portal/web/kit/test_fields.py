from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from kernel.money import Money
from portal.web.kit.fields import parse_date, parse_email, parse_inn, parse_phone, parse_sum
from portal.web.kit.filters import money
from tests.portal.web.kit.conftest import SampleForm

GOOD = {"email": "anna@example.ru", "password": "correct horse", "offer": "y", "contract": "a", "way": "once"}


@pytest.mark.parametrize(
    ("text", "kopecks"),
    [
        ("1234,56", 123456),
        ("1 234.56", 123456),
        ("1\u00a0234,5 ₽", 123450),
        ("1,234.56", 123456),
        ("1.234.567,00", 123456700),
        ("100 руб.", 10000),
        ("100р", 10000),
        ("0", 0),
    ],
)
def test_a_sum_is_understood_as_people_type_it(text: str, kopecks: int) -> None:
    assert parse_sum(text) == Money(kopecks)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,234", "1234 рублей или дробь: напишите 1234,00"),
        ("1.234", "1234 рублей или дробь: напишите 1234,00"),
        ("-5", "не может быть отрицательной"),
        ("−5", "не может быть отрицательной"),
        ("1234,567", "не больше двух знаков"),
        ("0,125", "не больше двух знаков"),
        ("1" * 14, "Такой большой суммы быть не может"),
        ("1" * 16, "Такой большой суммы быть не может"),
        *((text, "Введите сумму цифрами") for text in ("1e3", "NaN", "∞", "12,345,6", "сто", ",")),
    ],
)
def test_a_doubtful_sum_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_sum(text)


@given(st.integers(0, 10**14))
def test_every_sum_that_we_write_is_read_back(kopecks: int) -> None:
    assert parse_sum(money(kopecks)) == Money(kopecks)


@pytest.mark.parametrize(
    "text", ["8 (916) 123-45-67", "+7 916 123 45 67", "9161234567", "7-916-123-45-67", "тел. 8 916 1234567"]
)
def test_a_phone_in_any_form_becomes_e164(text: str) -> None:
    assert parse_phone(text) == "+79161234567"


@pytest.mark.parametrize("text", ["12", "8 916 123-45-6", "8 000 000-00-00", "позвоните мне"])
def test_a_phone_that_cannot_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="телефон"):
        parse_phone(text)


def test_an_address_gets_its_normal_form() -> None:
    assert parse_email("Anna@EXAMPLE.ru") == "Anna@example.ru"
    for text in ("anna", "anna@", "a b@example.ru", "anna@example.ru\r\nBcc: all@example.ru"):
        with pytest.raises(ValueError, match="почту"):
            parse_email(text)


@pytest.mark.parametrize("text", ["21.11.2026", "21/11/2026", "21-11-2026", "2026-11-21"])
def test_a_date_is_read_in_russian_and_iso_order(text: str) -> None:
    assert parse_date(text) == date(2026, 11, 21)


@pytest.mark.parametrize("text", ["31.02.2026", "11.21.2026", "2026", "21.11.26", "0000-00-00"])
def test_a_date_outside_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="дат"):
        parse_date(text)


@pytest.mark.parametrize("text", ["31.12.9999", "0001-01-01", "01.01.3000"])
def test_a_year_beside_which_there_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="год"):
        parse_date(text)


@pytest.mark.parametrize("text", ["аnna@mail.ru", "анна@example.ru"])
def test_an_address_that_mail_cannot_reach_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match="латинскими"):
        parse_email(text)


def test_a_taxpayer_number_must_have_right_check_digits() -> None:
    assert parse_inn("7707 083893") == "7707083893"
    with pytest.raises(ValueError, match="ИНН"):
        parse_inn("7707083894")


def test_a_field_that_was_not_understood_keeps_the_text_and_says_one_thing() -> None:
    form = SampleForm(FormData(GOOD | {"email": "anna@", "amount": " 1,234 "}))
    assert not form.validate()
    assert (form.email.data, form.email._value()) == (None, "anna@")
    assert len(form.email.errors) == 1
    assert form.amount._value() == " 1,234 "


def test_understood_values_are_shown_in_their_usual_form() -> None:
    form = SampleForm(FormData(GOOD | {"phone": "89161234567", "amount": "1 234.5", "first_on": "2026-11-21"}))
    assert form.validate(), form.errors
    shown = [field._value() for field in (form.phone, form.amount, form.first_on)]
    assert shown == ["+7\u00a0916\u00a0123-45-67", "1234,50", "21.11.2026"]


def test_empty_optional_fields_are_none() -> None:
    form = SampleForm(FormData(GOOD))
    assert form.validate()
    assert (form.phone.data, form.amount.data, form.first_on.data, form.inn.data) == (None, None, None, None)


def test_problems_are_listed_in_the_order_of_the_fields_and_of_the_form_last() -> None:
    form = SampleForm(FormData({"contract": "a", "way": "once"}))
    form.validate()
    form.refuse("phone", "Этот телефон занят")
    form.refuse("", "Попробуйте позже")
    assert [(problem.field_id, problem.text) for problem in form.problems()] == [
        ("email", "Введите почту"),
        ("phone", "Этот телефон занят"),
        ("password", "Введите пароль"),
        ("offer", "Отметьте согласие с офертой"),
        ("", "Попробуйте позже"),
    ]
