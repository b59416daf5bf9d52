"""The button of a confirmation letter opens only a cabinet of which the presser knows the password."""

from __future__ import annotations

from uuid import UUID

from starlette.testclient import TestClient

from kernel.clock import real_now
from kernel.db import begin
from payments.customers.registration import CustomerData, create_customer
from portal.accounts.sessions import CUSTOMER, find_session
from tests.portal.web.entry.conftest import Browser
from tests.portal.web.entry.visits import form_of, last_letter, link_in

ASKED = 'autocomplete="current-password"'
STRANGERS = "пароль самозванца"


def _sign_in(visitor: TestClient, email: str, password: str) -> None:
    assert visitor.post("/login", data={"login": email, "password": password}).status_code == 303


def _known_to_the_company() -> UUID:
    with begin() as session:
        return create_customer(session, CustomerData(name="Ковалёва А. П.", email="anna@example.com")).id


def test_a_stranger_who_gives_their_cabinet_ones_address_is_not_let_in_by_its_owner(browser: Browser) -> None:
    _known_to_the_company()
    stranger, owner = browser(), browser()
    stranger.post("/register", data=form_of(email="mallory@example.com", password=STRANGERS))
    _sign_in(stranger, "mallory@example.com", STRANGERS)
    stranger.post("/email/address", data={"email": "anna@example.com"})
    link = link_in(last_letter())

    assert ASKED in owner.get(link).text
    refused = owner.post(link)

    assert (refused.status_code, "Введите пароль" in refused.text) == (422, True)
    assert stranger.get("/").headers["location"] == "/email/confirm"


def test_a_stranger_who_registers_ones_address_after_its_owner_gets_nothing_by_it(browser: Browser) -> None:
    owner, stranger = browser(), browser()
    owner.post("/register", data=form_of())
    stranger.post("/register", data=form_of(password=STRANGERS))
    link = link_in(last_letter())

    assert ASKED in owner.get(link).text
    refused = owner.post(link, data={"password": form_of()["password"]})

    assert (refused.status_code, "/password/forgot" in refused.text) == (422, True)
    _sign_in(stranger, "anna@example.com", STRANGERS)
    assert stranger.get("/").headers["location"] == "/email/confirm"


def test_its_owner_takes_such_a_cabinet_over_with_a_new_password(browser: Browser) -> None:
    known = _known_to_the_company()
    owner, stranger = browser(), browser()
    stranger.post("/register", data=form_of(password=STRANGERS))
    _sign_in(stranger, "anna@example.com", STRANGERS)

    owner.post("/password/forgot", data={"email": "anna@example.com"})
    owner.post(link_in(last_letter()), data={"password": "синий лось бежит"})
    _sign_in(owner, "anna@example.com", "синий лось бежит")

    with begin() as session:
        found = find_session(session, owner.cookies["kabinet"], CUSTOMER, now=real_now())
    assert found is not None
    assert known in found.customer_ids
    assert stranger.get("/").headers["location"] == "/login"
    answer = stranger.post("/login", data={"login": "anna@example.com", "password": STRANGERS})
    assert answer.status_code == 422


def test_on_another_device_the_password_opens_the_cabinet(browser: Browser) -> None:
    browser().post("/register", data=form_of())
    link = link_in(last_letter())
    phone = browser()

    for password, reason in (("", "Введите пароль"), ("не тот пароль", "Это не тот пароль")):
        refused = phone.post(link, data={"password": password})
        assert (refused.status_code, reason in refused.text) == (422, True)
    answer = phone.post(link, data={"password": form_of()["password"]})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert phone.get("/").text == "home of anna@example.com for 1"


def test_the_browser_that_registered_needs_no_password(browser: Browser) -> None:
    visitor = browser()
    visitor.post("/register", data=form_of())
    link = link_in(last_letter())

    assert ASKED not in visitor.get(link).text
    assert visitor.post(link).headers["location"] == "/"


def test_neither_does_one_that_is_signed_in(browser: Browser) -> None:
    browser().post("/register", data=form_of())
    link = link_in(last_letter())
    phone = browser()
    _sign_in(phone, "anna@example.com", form_of()["password"])

    assert ASKED not in phone.get(link).text
    assert phone.post(link).headers["location"] == "/"


def test_whoever_came_in_before_the_address_was_proved_comes_in_anew(browser: Browser) -> None:
    visitor, other = browser(), browser()
    visitor.post("/register", data=form_of())
    _sign_in(other, "anna@example.com", form_of()["password"])
    cookie = other.cookies["kabinet"]

    visitor.post(link_in(last_letter()))

    with begin() as session:
        assert find_session(session, cookie, CUSTOMER, now=real_now()) is None
    assert visitor.get("/").status_code == 200


def test_passwords_for_one_link_are_not_guessed(browser: Browser) -> None:
    browser().post("/register", data=form_of())
    link = link_in(last_letter())
    phone = browser()

    answers = [phone.post(link, data={"password": f"догадка номер {n}"}).status_code for n in range(11)]

    assert answers == [422] * 10 + [429]
