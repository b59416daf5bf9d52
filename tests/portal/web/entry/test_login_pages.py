"""Coming in and going out."""

from __future__ import annotations

import time
from statistics import median

import pytest
from sqlalchemy import select

from kernel.clock import real_now
from kernel.db import begin
from portal.accounts.models import User, UserSession
from portal.accounts.recovery import reset_password
from portal.accounts.staff import invite_staff
from portal.accounts.staff_access import disable_user
from tests.portal.web.entry.conftest import Browser
from tests.portal.web.entry.visits import enter, form_of

PASSWORD = form_of()["password"]
GOOD = {"login": "anna@example.com", "password": PASSWORD}


def _employ(role: str) -> None:
    with begin() as session:
        link = invite_staff(session, "boss@example.com", "Олег", role, now=real_now())
        reset_password(session, link.rpartition("/")[2], PASSWORD, brand="Кабинет", now=real_now())


def test_a_login_leads_to_the_page_that_was_wanted(browser: Browser) -> None:
    enter(browser())
    visitor = browser()

    wanted = visitor.get("/settings/sessions?sort=date").headers["location"]
    page = visitor.get(wanted)
    answer = visitor.post("/login", data=GOOD | {"next": "/settings/sessions?sort=date"})

    assert wanted == "/login?next=%2Fsettings%2Fsessions%3Fsort%3Ddate"
    assert 'value="/settings/sessions?sort=date"' in page.text
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/sessions?sort=date")
    assert visitor.get("/settings/sessions").status_code == 200


def test_next_never_leaves_the_site(browser: Browser) -> None:
    visitor = enter(browser())

    for evil in (
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
    ):
        assert visitor.get("/login", params={"next": evil}).headers["location"] == "/", evil
        assert browser().post("/login", data=GOOD | {"next": evil}).headers["location"] == "/", evil


def test_a_wrong_password_and_an_unknown_login_get_the_same_page_after_a_similar_time(browser: Browser) -> None:
    enter(browser())
    pages: dict[str, set[tuple[int, str]]] = {}
    times: dict[str, list[float]] = {}
    for email in ("anna@example.com", "nobody@example.com"):
        for attempt in range(5):
            visitor = browser(f"192.0.2.{attempt}")
            began = time.process_time()  # not the clock's: another process may have the processor meanwhile
            page = visitor.post("/login", data={"login": email, "password": "не тот пароль"})
            times.setdefault(email, []).append(time.process_time() - began)
            pages.setdefault(email, set()).add((page.status_code, page.text.replace(email, "@")))

    known, unknown = (median(found) for found in times.values())
    assert pages["anna@example.com"] == pages["nobody@example.com"]
    assert {status for status, _text in pages["anna@example.com"]} == {422}
    # A missing hash would be several times quicker.
    assert unknown > known / 2


def test_a_login_makes_a_new_session_and_ends_the_one_that_the_browser_brought(browser: Browser) -> None:
    visitor = enter(browser())
    before = visitor.cookies["kabinet"]
    planted = browser()
    planted.cookies.set("kabinet", before)

    planted.cookies.set("kabinet", "fixed-by-an-attacker", domain="localhost.local")
    planted.post("/login", data=GOOD)

    thief = browser()
    thief.cookies.set("kabinet", "fixed-by-an-attacker")
    assert thief.get("/").status_code == 303
    visitor.post("/login", data=GOOD)
    assert visitor.cookies["kabinet"] != before
    old = browser()
    old.cookies.set("kabinet", before)
    assert old.get("/").status_code == 303


def test_a_logout_ends_the_session_on_the_server(browser: Browser) -> None:
    visitor = enter(browser())
    cookie = visitor.cookies["kabinet"]

    answer = visitor.post("/logout")

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "cache" in answer.headers["clear-site-data"]
    assert visitor.cookies.get("kabinet") is None
    replayed = browser()
    replayed.cookies.set("kabinet", cookie)
    assert replayed.get("/").status_code == 303


def test_a_get_never_logs_out(browser: Browser) -> None:
    visitor = enter(browser())

    assert visitor.get("/logout").status_code == 405
    assert visitor.get("/").status_code == 200


def test_a_disabled_user_is_out_on_the_next_click(browser: Browser) -> None:
    visitor = enter(browser())
    with begin() as session:
        disable_user(session, session.scalars(select(User.id)).one(), now=real_now())

    assert visitor.get("/").status_code == 303
    assert visitor.post("/login", data=GOOD).status_code == 422


@pytest.mark.parametrize(("remember", "lasts"), [({}, False), ({"remember": "y"}, True)])
def test_the_cookie_is_closed_to_scripts_and_stays_only_when_asked(
    browser: Browser, *, remember: dict[str, str], lasts: bool
) -> None:
    enter(browser())

    [cookie] = [
        line
        for line in browser().post("/login", data=GOOD | remember).headers.get_list("set-cookie")
        if "kabinet=" in line
    ]

    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert ("Max-Age=2592000" in cookie) == lasts


def test_over_https_the_cookie_is_bound_to_the_host(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = enter(browser())
    settings = visitor.app.state.kit.settings  # type: ignore[attr-defined]
    monkeypatch.setattr(settings, "base_url", "https://lk.example.com")

    lines = browser().post("/login", data=GOOD).headers.get_list("set-cookie")

    [cookie] = [line for line in lines if "kabinet=" in line]
    assert cookie.startswith("__Host-kabinet=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_guessing_is_stopped_here_and_the_owner_comes_in_from_elsewhere(browser: Browser) -> None:
    enter(browser())
    thief, owner = browser("198.51.100.1"), browser("203.0.113.5")

    answers = [thief.post("/login", data=GOOD | {"password": f"догадка {n} мимо"}) for n in range(12)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert "минут" in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) > 60
    assert thief.post("/login", data=GOOD).status_code == 429
    assert owner.post("/login", data=GOOD).status_code == 303


def test_an_unknown_login_is_throttled_like_a_known_one(browser: Browser) -> None:
    visitor = browser()

    answers = [visitor.post("/login", data={"login": "no@example.com", "password": "мимо мимо"}) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429]


def test_logging_in_forgives_the_wrong_guesses_before(browser: Browser) -> None:
    visitor = enter(browser())
    for _ in range(3):
        for _ in range(4):
            visitor.post("/login", data=GOOD | {"password": "опечатка тут"})
        assert visitor.post("/login", data=GOOD).status_code == 303


def test_a_form_of_another_site_is_refused(browser: Browser) -> None:
    visitor = enter(browser())

    for path in (
        "/login",
        "/logout",
        "/register",
        "/settings/profile",
        "/settings/sessions/end-others",
        "/staff/login",
    ):
        for site in ("cross-site", "same-site"):
            assert visitor.post(path, data=GOOD, headers={"Sec-Fetch-Site": site}).status_code == 403, path
        del visitor.headers["Sec-Fetch-Site"]
        for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            assert visitor.post(path, data=GOOD, headers=headers).status_code == 403, path
        visitor.headers["Sec-Fetch-Site"] = "same-origin"
    assert visitor.get("/").status_code == 200


def test_employees_have_their_own_door_and_cookie(browser: Browser) -> None:
    _employ("manager")
    enter(browser())
    staff = browser()

    assert staff.get("/staff").headers["location"] == "/staff/login"
    assert staff.post("/staff/login", data=GOOD).status_code == 422
    assert staff.post("/login", data=GOOD | {"login": "boss@example.com"}).status_code == 422
    answer = staff.post("/staff/login", data=GOOD | {"login": "boss@example.com"})

    assert answer.headers["location"] == "/staff"
    assert staff.get("/staff").text == "desk of boss@example.com, manager"
    assert staff.get("/").headers["location"] == "/login"
    assert "max-age" not in answer.headers["set-cookie"].lower()
    assert staff.post("/staff/logout").headers["location"] == "/staff/login"
    assert staff.get("/staff").status_code == 303


def test_a_customers_cookie_opens_no_staff_page(browser: Browser) -> None:
    visitor = enter(browser())
    visitor.cookies.set("kabinet_staff", visitor.cookies["kabinet"])

    assert visitor.get("/staff").status_code == 303


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("accountant", 200), ("manager", 403), ("viewer", 403)])
def test_a_role_opens_what_it_is_for(browser: Browser, role: str, status: int) -> None:
    _employ(role)
    staff = browser()
    staff.post("/staff/login", data=GOOD | {"login": "boss@example.com"})

    assert staff.post("/staff/refunds").status_code == status


def test_a_session_lost_inside_a_fragment_sends_the_whole_page_to_the_login(browser: Browser) -> None:
    answer = browser().get(
        "/settings/profile",
        headers={"HX-Request": "true", "HX-Current-URL": "http://localhost:8000/settings/profile?a=1"},
    )

    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login?next=%2Fsettings%2Fprofile%3Fa%3D1"


def test_a_form_sent_after_the_session_ended_comes_back_to_its_page(browser: Browser) -> None:
    answer = browser().post("/settings/profile", headers={"Referer": "http://localhost:8000/settings/profile"})

    assert answer.headers["location"] == "/login?next=%2Fsettings%2Fprofile"


def test_being_seen_is_noted(browser: Browser) -> None:
    visitor = enter(browser())
    with begin() as session:
        row = session.scalars(select(UserSession).where(UserSession.ended_at.is_(None))).one()
        row.last_seen_at = real_now().replace(microsecond=0, second=0, minute=0)
        before = row.last_seen_at

    visitor.get("/")

    with begin() as session:
        assert session.scalars(select(UserSession.last_seen_at).where(UserSession.ended_at.is_(None))).one() >= before
