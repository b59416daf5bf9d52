"""Registering in a browser, with JavaScript or without."""

from __future__ import annotations

import re

from sqlalchemy import func, select

from kernel.db import begin
from payments.autopay.models import Consent
from portal.accounts.models import User
from portal.notifications.models import Message
from tests.portal.web.entry.conftest import Browser
from tests.portal.web.entry.visits import enter, form_of, last_letter, link_in

BAD_FORMS: list[tuple[dict[str, str], str]] = [
    ({"name": ""}, "Введите имя и фамилию"),
    ({"name": "Анна\nBcc: x@example.com"}, "Уберите переносы строк"),
    ({"name": "Анна\x00"}, "Уберите переносы строк"),
    ({"email": ""}, "Введите почту"),
    ({"email": "anna"}, "Введите почту целиком"),
    ({"phone": "123"}, "телефон"),
    ({"password": "коротко"}, "не меньше 10 знаков"),
    ({"password": "password123"}, "подбирают первым"),
    ({"password": "anna@example.com"}, "вашей почты"),
    ({"password": "тёплый контур 1"}, "названия сайта"),
    ({"password": "ab12" * 40}, "не больше 128"),
    ({"offer": ""}, "Без согласия с условиями"),
    ({"personal_data": ""}, "Без согласия на обработку"),
]


def _users() -> int:
    with begin() as session:
        return session.scalar(select(func.count(User.id))) or 0


def test_the_three_boxes_are_apart_and_none_is_ticked(browser: Browser) -> None:
    page = browser().get("/register")

    assert page.status_code == 200
    assert [name for name in ("offer", "personal_data", "marketing") if f'name="{name}"' in page.text] == [
        "offer",
        "personal_data",
        "marketing",
    ]
    assert "checked" not in page.text
    assert 'href="/documents/personal-data"' in page.text


def test_a_registration_leads_to_the_page_that_waits_for_the_letter(browser: Browser) -> None:
    visitor = browser()

    answer = visitor.post("/register", data=form_of())

    assert (answer.status_code, answer.headers["location"]) == (303, "/email/confirm")
    assert "anna@example.com" in visitor.get("/email/confirm").text
    assert last_letter().kind == "confirm_email"
    with begin() as session:
        assert session.scalars(select(User.phone)).one() == "+79161234567"
        consents = session.scalars(select(Consent).order_by(Consent.id)).all()
        assert [(one.kind, str(one.ip)) for one in consents] == [("offer", "192.0.2.7"), ("personal_data", "192.0.2.7")]


def test_a_bad_form_names_the_field_keeps_what_was_typed_and_stores_nothing(browser: Browser) -> None:
    visitor = browser()

    for changed, reason in BAD_FORMS:
        page = visitor.post("/register", data=form_of(**changed))
        assert page.status_code == 422, changed
        assert "<title>Ошибка:" in page.text
        assert reason in page.text
        assert 'aria-invalid="true"' in page.text
        assert "email" in changed or 'value="anna@example.com"' in page.text
        assert form_of()["password"] not in page.text
    assert _users() == 0


def test_an_empty_form_names_every_required_field(browser: Browser) -> None:
    page = browser().post("/register", data={})

    assert page.status_code == 422
    assert len(re.findall(r'<a href="#(?:name|email|password|offer|personal_data)">', page.text)) == 5


def test_fields_that_the_form_does_not_have_are_ignored(browser: Browser) -> None:
    browser().post("/register", data=form_of(staff_role="owner", email_confirmed_at="2026-01-01", id="1"))

    with begin() as session:
        user = session.scalars(select(User)).one()
        assert (user.staff_role, user.email_confirmed_at) == (None, None)


def test_a_known_and_an_unknown_address_get_the_same_answer(browser: Browser) -> None:
    enter(browser())

    known, unknown = browser(), browser()
    answers = [
        (visitor.post("/register", data=form_of(email=email)), visitor.get("/email/confirm"))
        for visitor, email in ((known, "anna@example.com"), (unknown, "nobody@example.com"))
    ]

    shapes = [
        (
            sent.status_code,
            sent.headers["location"],
            sorted(cookie.split("=")[0] for cookie in sent.headers.get_list("set-cookie")),
            page.status_code,
            page.text.replace("anna@example.com", "@").replace("nobody@example.com", "@"),
        )
        for sent, page in answers
    ]
    assert shapes[0] == shapes[1]
    assert last_letter("anna@example.com").kind == "already_registered"
    assert last_letter("nobody@example.com").kind == "confirm_email"


def test_another_letter_goes_out_at_most_once_a_minute(browser: Browser) -> None:
    visitor = browser()
    visitor.post("/register", data=form_of())

    early = visitor.post("/email/letter")

    assert early.status_code == 429
    assert "Письмо пока не отправили" in early.text
    assert re.search(r"через \d+ секунд", early.text)
    assert 'action="/email/letter"' in early.text, "the page itself, from which one goes on"
    assert 1 <= int(early.headers["retry-after"]) <= 60


def test_a_stranger_cannot_ask_for_letters_to_an_address(browser: Browser) -> None:
    answer = browser().post("/email/letter", data={"email": "anna@example.com"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    with begin() as session:
        assert session.scalar(select(func.count(Message.id))) == 0


def test_a_forged_note_of_a_registration_is_not_believed(browser: Browser) -> None:
    visitor = browser()
    visitor.cookies.set("registered", "eyJlbWFpbCI6ImFubmFAZXhhbXBsZS5jb20ifQ.aaaa.bbbb")

    assert visitor.get("/email/confirm").headers["location"] == "/login"


def test_an_address_gets_few_letters_however_many_register_it(browser: Browser) -> None:
    answers = [browser(f"192.0.2.{n}").post("/register", data=form_of()).status_code for n in range(7)]

    assert answers == [303] * 5 + [429] * 2


def test_opening_the_letters_link_changes_nothing_and_its_button_signs_in(browser: Browser) -> None:
    browser().post("/register", data=form_of())
    link = link_in(last_letter())
    phone = browser()

    for _ in range(3):
        page = phone.get(link)
        assert (page.status_code, "Подтвердить почту" in page.text) == (200, True)
    assert phone.head(link).status_code in (200, 405)
    assert phone.get("/").status_code == 303
    confirmed = phone.post(link, data={"password": form_of()["password"]})

    assert (confirmed.status_code, confirmed.headers["location"]) == (303, "/")
    assert phone.get("/").text == "home of anna@example.com for 1"


def test_a_second_press_is_refused_politely_and_signs_nobody_in(browser: Browser) -> None:
    enter(browser())
    link = link_in(last_letter())
    other = browser()

    for answer in (other.post(link), other.get(link)):
        assert answer.status_code == 200
        assert "Почта уже подтверждена" in answer.text
    assert other.get("/").status_code == 303


def test_a_link_that_never_was_is_gone(browser: Browser) -> None:
    for path in ("/email/confirm/aaaa", "/email/confirm/%00", "/password/reset/aaaa"):
        assert browser().get(path).status_code == 410
        assert browser().post(path, data={"password": "белый кит плывёт"}).status_code == 410


def test_an_unconfirmed_customer_sees_only_how_to_confirm(browser: Browser) -> None:
    browser().post("/register", data=form_of())
    visitor = browser()

    answer = visitor.post("/login", data={"login": "anna@example.com", "password": form_of()["password"]})

    assert answer.status_code == 303
    for path in ("/", "/settings/profile"):
        assert visitor.get(path).headers["location"] == "/email/confirm"
    fragment = visitor.get("/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["hx-redirect"]) == (401, "/email/confirm")
    page = visitor.get("/email/confirm")
    assert "Изменить адрес" in page.text


def test_an_unconfirmed_customer_corrects_the_address(browser: Browser) -> None:
    browser().post("/register", data=form_of(email="ana@example.com"))
    visitor = browser()
    visitor.post("/login", data={"login": "ana@example.com", "password": form_of()["password"]})

    assert visitor.post("/email/address", data={"email": "нет"}).status_code == 422
    visitor.post("/email/address", data={"email": "anna@example.com"})

    assert visitor.post(link_in(last_letter())).headers["location"] == "/"
    assert visitor.get("/").text == "home of anna@example.com for 1"


def test_who_is_in_already_is_not_asked_to_register(browser: Browser) -> None:
    visitor = enter(browser())

    assert visitor.get("/register").headers["location"] == "/"
    assert visitor.get("/login").headers["location"] == "/"
    assert visitor.get("/email/confirm").headers["location"] == "/"
