"""A forgotten password, in a browser."""

from __future__ import annotations

from sqlalchemy import func, select

from kernel.clock import real_now
from kernel.db import begin
from portal.accounts.staff import invite_staff
from portal.notifications.models import Message
from tests.portal.web.entry.conftest import Browser
from tests.portal.web.entry.visits import enter, last_letter, link_in

NEW = {"password": "синий лось бежит"}


def _letters() -> int:
    with begin() as session:
        return session.scalar(select(func.count(Message.id))) or 0


def test_a_known_and_an_unknown_address_get_the_same_answer(browser: Browser) -> None:
    enter(browser())
    before = _letters()

    answers = [browser().post("/password/forgot", data={"email": f"{who}@example.com"}) for who in ("anna", "nobody")]

    assert [(one.status_code, one.headers["location"], one.text) for one in answers] == [
        (303, "/password/sent", "")
    ] * 2
    assert "Если у этого адреса есть кабинет" in browser().get("/password/sent").text
    assert _letters() == before + 1


def test_the_link_sets_a_password_once_and_signs_everybody_out(browser: Browser) -> None:
    signed_in, visitor = enter(browser()), browser()
    visitor.post("/password/forgot", data={"email": "ANNA@example.com"})
    link = link_in(last_letter())

    for _ in range(2):
        assert visitor.get(link).status_code == 200
    answer = visitor.post(link, data=NEW)

    assert answer.headers["location"] == "/login"
    assert signed_in.get("/").status_code == 303
    assert visitor.get("/").status_code == 303
    assert visitor.post(link, data=NEW).status_code == 410
    assert visitor.get(link).status_code == 410
    assert visitor.post("/login", data=NEW | {"login": "anna@example.com"}).status_code == 303


def test_a_weak_password_is_refused_with_the_reason_and_the_link_stays_good(browser: Browser) -> None:
    enter(browser())
    visitor = browser()
    visitor.post("/password/forgot", data={"email": "anna@example.com"})
    link = link_in(last_letter())

    for weak in ("коротко", "password123", ""):
        page = visitor.post(link, data={"password": weak})
        assert (page.status_code, "Проверьте форму" in page.text) == (422, True)

    assert visitor.post(link, data=NEW).status_code == 303


def test_an_address_that_is_none_is_a_form_error(browser: Browser) -> None:
    page = browser().post("/password/forgot", data={"email": "анна"})

    assert (page.status_code, "Введите почту целиком" in page.text) == (422, True)


def test_letters_to_one_address_are_few(browser: Browser) -> None:
    answers = [browser(f"192.0.2.{n}").post("/password/forgot", data={"email": "a@example.com"}) for n in range(6)]

    assert [answer.status_code for answer in answers] == [303] * 5 + [429]


def test_an_invited_employee_sets_a_password_and_is_led_to_the_staffs_door(browser: Browser) -> None:
    with begin() as session:
        link = invite_staff(session, "boss@example.com", "Олег", "owner", now=real_now())
    visitor = browser()

    path = link.removeprefix("http://localhost:8000")

    assert visitor.post(path, data=NEW).headers["location"] == "/staff/login"
    assert visitor.post("/staff/login", data=NEW | {"login": "boss@example.com"}).headers["location"] == "/staff"
