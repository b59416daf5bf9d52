"""What a person sets about their own login: data, password, devices, consents."""

from __future__ import annotations

import re

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.consents import Evidence
from payments.autopay.models import Consent
from payments.autopay.stopping import withdraw
from payments.customers.models import Customer
from portal.accounts.models import User
from tests.portal.web.entry.conftest import Browser
from tests.portal.web.entry.visits import enter, form_of, last_letter, link_in
from tests.portal.web.staff.played import agreement, contract_number
from tests.support.business import agree

PASSWORD = form_of()["password"]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGES = ("/settings/profile", "/settings/security", "/settings/sessions", "/settings/consents")


def test_the_settings_are_for_who_is_signed_in(browser: Browser) -> None:
    stranger, visitor = browser(), enter(browser())

    for path in PAGES:
        assert stranger.get(path).headers["location"].startswith("/login?next="), path
        page = visitor.get(path)
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"


def test_name_and_phone_are_changed_for_the_user_and_their_customer(browser: Browser) -> None:
    visitor = enter(browser())

    answer = visitor.post("/settings/profile", data={"name": " Анна Иванова ", "phone": "916 111-22-33"})

    assert answer.headers["location"] == "/settings/profile"
    page = visitor.get("/settings/profile").text
    assert "Профиль сохранён" in page
    assert 'value="Анна Иванова"' in page
    assert "+7\u00a0916\u00a0111-22-33" in page
    with begin() as session:
        customer = session.scalars(select(Customer)).one()
        assert (customer.name, customer.phone) == ("Анна Иванова", "+79161112233")


def test_a_bad_profile_is_kept_on_the_page_and_not_stored(browser: Browser) -> None:
    visitor = enter(browser())

    for changed in ({"name": ""}, {"phone": "12"}, {"name": "a" * 201}):
        page = visitor.post("/settings/profile", data={"name": "Анна Иванова", "phone": ""} | changed)
        assert page.status_code == 422
        assert "Проверьте форму" in page.text
    with begin() as session:
        assert session.scalars(select(User.name)).one() == "Анна Ковалёва"


def test_a_new_address_waits_until_its_button_is_pressed(browser: Browser) -> None:
    visitor = enter(browser())

    visitor.post("/settings/email", data={"email": "new@example.com", "current": PASSWORD})

    page = visitor.get("/settings/profile").text
    assert "new@example.com" in page
    assert visitor.get("/").text == "home of anna@example.com for 1"
    assert browser().post(link_in(last_letter("new@example.com"))).headers["location"] == "/settings/profile"
    assert visitor.get("/").text == "home of new@example.com for 1"
    assert "new@example.com" in last_letter("anna@example.com").text_body


def test_a_taken_address_looks_like_any_other(browser: Browser) -> None:
    enter(browser(), "boris@example.com")
    visitor = enter(browser())

    pages = []
    for email in ("boris@example.com", "free@example.com"):
        answer = visitor.post("/settings/email", data={"email": email, "current": PASSWORD})
        pages.append((answer.status_code, answer.headers["location"]))

    assert pages[0] == pages[1]
    assert last_letter("boris@example.com").kind == "already_registered"


def test_an_address_is_not_changed_without_the_password(browser: Browser) -> None:
    visitor = enter(browser())
    bad: list[tuple[dict[str, str], str]] = [
        ({"email": "new@example.com", "current": "не тот"}, "Неверный пароль"),
        ({"email": "new@example.com"}, "Введите нынешний пароль"),
        ({"email": "ANNA@example.com", "current": PASSWORD}, "Это ваша нынешняя почта"),
    ]

    for form, reason in bad:
        page = visitor.post("/settings/email", data=form)
        assert (page.status_code, reason in page.text) == (422, True), form
    assert last_letter().kind == "confirm_email"


def test_a_change_of_address_can_be_taken_back(browser: Browser) -> None:
    visitor = enter(browser())
    visitor.post("/settings/email", data={"email": "new@example.com", "current": PASSWORD})

    visitor.post("/settings/email/forget")

    assert "new@example.com" not in visitor.get("/settings/profile").text
    assert visitor.post(link_in(last_letter("new@example.com"))).status_code == 410


def test_a_new_password_signs_the_other_devices_out_and_changes_the_cookie_here(browser: Browser) -> None:
    visitor, other = enter(browser()), browser()
    other.post("/login", data={"login": "anna@example.com", "password": PASSWORD})
    before = visitor.cookies["kabinet"]

    answer = visitor.post("/settings/security", data={"current": PASSWORD, "password": "синий лось бежит"})

    assert answer.headers["location"] == "/settings/security"
    assert visitor.cookies["kabinet"] != before
    assert visitor.get("/").status_code == 200
    assert other.get("/").status_code == 303
    assert last_letter().kind == "password_changed"
    assert re.search(r"^Здравствуйте, [^\n]+!\n\nПароль", last_letter().text_body)


def test_a_password_is_not_changed_by_a_bad_form(browser: Browser) -> None:
    visitor = enter(browser())
    bad: list[tuple[dict[str, str], str]] = [
        ({"current": "не тот", "password": "синий лось бежит"}, "Неверный пароль"),
        ({"current": PASSWORD, "password": "коротко"}, "не меньше 10 знаков"),
        ({"current": PASSWORD}, "Придумайте пароль"),
    ]

    for form, reason in bad:
        page = visitor.post("/settings/security", data=form)
        assert (page.status_code, reason in page.text) == (422, True), form
    assert browser().post("/login", data={"login": "anna@example.com", "password": PASSWORD}).status_code == 303


def test_guessing_the_present_password_is_throttled(browser: Browser) -> None:
    visitor = enter(browser())

    form = {"current": "не тот", "password": "синий лось бежит"}
    assert [visitor.post("/settings/security", data=form).status_code for _ in range(11)] == [422] * 10 + [429]


def test_another_device_is_listed_and_ended_from_here(browser: Browser) -> None:
    visitor, other = enter(browser()), browser("198.51.100.9", **{"User-Agent": FIREFOX})
    other.post("/login", data={"login": "anna@example.com", "password": PASSWORD})

    page = visitor.get("/settings/sessions").text
    [end] = re.findall(r'action="(/settings/sessions/[\w-]{36}/end)"', page)

    assert all(text in page for text in ("Firefox, Linux", "198.51.100.9", "Chrome, Windows", "Это устройство"))
    assert visitor.post(end).headers["location"] == "/settings/sessions"
    assert other.get("/").status_code == 303
    assert visitor.get("/").status_code == 200
    assert visitor.post(end).status_code == 404


def test_all_other_devices_end_at_once(browser: Browser) -> None:
    visitor, others = enter(browser()), [browser(), browser()]
    for other in others:
        other.post("/login", data={"login": "anna@example.com", "password": PASSWORD})

    visitor.post("/settings/sessions/end-others")

    assert [other.get("/").status_code for other in (visitor, *others)] == [200, 303, 303]


def test_nobody_ends_a_session_or_reads_a_consent_of_somebody_else(browser: Browser) -> None:
    anna, boris = enter(browser()), enter(browser(), "boris@example.com")
    other = browser()
    other.post("/login", data={"login": "anna@example.com", "password": PASSWORD})
    [end] = re.findall(r'action="(/settings/sessions/[\w-]{36}/end)"', anna.get("/settings/sessions").text)
    [consent, *_] = re.findall(r'href="(/settings/consents/\d+)"', anna.get("/settings/consents").text)

    assert boris.post(end).status_code == 404
    assert boris.get(consent).status_code == 404
    assert other.get("/").status_code == 200
    assert anna.get(consent).status_code == 200
    assert anna.get(f"/settings/consents/{2**70}").status_code == 404


def test_a_consent_shows_the_exact_words_and_their_digest(browser: Browser) -> None:
    visitor = enter(browser())
    with begin() as session:
        stored = session.scalars(select(Consent).where(Consent.kind == "offer")).one()

    page = visitor.get(f"/settings/consents/{stored.id}").text

    assert stored.text_sha256 in page
    assert "Публичная оферта" in page
    assert "192.0.2.7" in page


def test_a_consent_to_charges_and_its_withdrawal_name_their_contract(browser: Browser) -> None:
    visitor = enter(browser())
    with begin() as session:
        given = session.scalars(select(Consent).where(Consent.kind == "offer")).one()
        it = agreement(session, given.customer_id, title="Аренда студии")
        consent_id = agree(session, it, now=business_now(session))
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
        named = f"№ {contract_number(session, it)} «Аренда студии»"

    page = visitor.get("/settings/consents").text
    assert page.count(f"Договор {named}") == 2
    assert "Отказ от автоматических списаний" in page
    assert named in visitor.get(f"/settings/consents/{consent_id}").text


def test_news_are_agreed_to_and_taken_back_as_evidence(browser: Browser) -> None:
    visitor = enter(browser())

    for answer in ("yes", "yes", "no"):
        visitor.post("/settings/consents/marketing", data={"answer": answer})

    with begin() as session:
        kinds = session.scalars(select(Consent.action).where(Consent.kind == "marketing").order_by(Consent.id)).all()
    assert kinds == ["given", "withdrawn"]
    assert "Не приходят" in visitor.get("/settings/consents").text
