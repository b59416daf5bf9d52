"""The second step of an employee's login: after the password, in the same browser, five tries, and nothing opens before."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from kernel.clock import real_now
from kernel.db import begin, read
from portal.accounts.models import User, UserSession
from portal.accounts.passwords import hash_password
from portal.accounts.second_factor.enrolling import enrol, make_offer
from portal.accounts.sessions import STAFF
from portal.accounts.staff_access import disable_user
from portal.audit.models import AuditEntry
from tests.portal.accounts.people import PASSWORD
from tests.portal.web.entry.conftest import Browser

CODE = "/staff/login/code"
GOOD = {"login": "boss@example.com", "password": PASSWORD}


@pytest.fixture
def app(company: None) -> pyotp.TOTP:
    """The app of the boss, set up a while ago."""
    return set_up()[0]


def set_up() -> tuple[pyotp.TOTP, list[str]]:
    ago = real_now() - timedelta(minutes=5)
    with begin() as session:
        user = User(
            email="boss@example.com",
            name="Олег",
            password_hash=hash_password(PASSWORD),
            staff_role="owner",
            email_confirmed_at=ago,
        )
        session.add(user)
        session.flush()
        row = UserSession(token_hash=b"-", user_id=user.id, audience=STAFF, expires_at=ago)
        session.add(row)
        session.flush()
        offer = make_offer(user.id)
        app = pyotp.TOTP(offer.secret)
        return app, enrol(session, user.id, row.id, sealed=offer.sealed, code=app.at(ago), now=ago)


def after_password(browser: Browser, **more: str) -> TestClient:
    client = browser()
    answer = client.post("/staff/login", data=GOOD | more)
    assert answer.headers["location"].startswith(CODE)
    return client


def wrong(app: pyotp.TOTP) -> str:
    """Six digits that are none of the present codes."""
    now = real_now()
    near = {app.at(now + timedelta(seconds=30 * step)) for step in range(-2, 4)}
    return next(
        code for code in ("000000", "111111", "222222", "333333", "444444", "555555", "666666") if code not in near
    )


def test_the_desk_opens_after_the_code_and_leads_where_one_wanted_to_go(browser: Browser, app: pyotp.TOTP) -> None:
    client = after_password(browser, next="/staff?period=week")
    assert client.get("/staff").headers["location"].startswith("/staff/login")
    assert "kabinet_staff" not in client.cookies
    assert 'value="/staff?period=week"' in client.get(f"{CODE}?next=%2Fstaff%3Fperiod%3Dweek").text

    answer = client.post(CODE, data={"code": app.now(), "next": "/staff?period=week"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff?period=week")
    assert client.get("/staff").text == "desk of boss@example.com, owner"
    assert "kabinet_staff_code" not in client.cookies
    with read() as session:
        assert session.scalars(select(AuditEntry.act)).all() == ["user.signed_in"], "once, when the desk opened"


def test_a_code_that_was_used_opens_no_second_browser(browser: Browser, app: pyotp.TOTP) -> None:
    code = app.now()
    first, second = after_password(browser), after_password(browser)

    assert first.post(CODE, data={"code": code}).status_code == 303
    answer = second.post(CODE, data={"code": code})

    assert answer.status_code == 422
    assert "Код не подошёл" in answer.text
    assert second.get("/staff").status_code == 303


def test_a_backup_code_opens_too(browser: Browser, company: None) -> None:
    _app, codes = set_up()

    assert after_password(browser).post(CODE, data={"code": codes[0]}).headers["location"] == "/staff"
    assert after_password(browser).post(CODE, data={"code": codes[0]}).status_code == 422


def test_after_five_tries_the_right_code_is_too_late(browser: Browser, app: pyotp.TOTP) -> None:
    client = after_password(browser)

    answers = [client.post(CODE, data={"code": wrong(app)}).status_code for _ in range(5)]
    late = client.post(CODE, data={"code": app.now()})

    assert answers == [422] * 5
    assert late.status_code == 429
    assert "минут" in late.text
    assert int(late.headers["retry-after"]) > 0
    assert client.get("/staff").status_code == 303
    assert after_password(browser).post(CODE, data={"code": app.now()}).status_code == 303, "the owner of the password"


def test_many_logins_do_not_make_many_tries(browser: Browser, app: pyotp.TOTP) -> None:
    guesses = 0
    for attempt in range(7):
        client = browser(f"192.0.2.{attempt}")
        client.post("/staff/login", data=GOOD)
        guesses += sum(client.post(CODE, data={"code": wrong(app)}).status_code == 422 for _ in range(5))

    assert guesses == 30


@pytest.mark.parametrize("code", ["", " ", "0" * 41])
def test_what_is_no_code_is_said_and_not_counted(browser: Browser, app: pyotp.TOTP, code: str) -> None:
    client = after_password(browser)

    answers = [client.post(CODE, data={"code": code}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [422] * 6
    assert "<title>Ошибка:" in answers[0].text


def test_ten_minutes_after_the_password_the_login_begins_anew(browser: Browser, app: pyotp.TOTP) -> None:
    client = after_password(browser)
    with begin() as session:
        session.execute(update(UserSession).values(expires_at=real_now()))

    for answer in (client.get(CODE), client.post(CODE, data={"code": app.now()})):
        assert (answer.status_code, answer.headers["location"]) == (303, "/staff/login")
    assert client.get("/staff").status_code == 303


def test_a_stranger_has_no_page_of_the_code(browser: Browser, app: pyotp.TOTP) -> None:
    assert browser().get(CODE).headers["location"] == "/staff/login"
    assert browser().post(CODE, data={"code": app.now()}).headers["location"] == "/staff/login"
    with read() as session:
        assert session.scalars(select(AuditEntry.id)).all() == []


def test_who_was_shut_out_between_the_steps_stays_out(browser: Browser, app: pyotp.TOTP) -> None:
    client = after_password(browser)
    with begin() as session:
        disable_user(session, session.scalars(select(User.id)).one(), now=real_now())

    assert client.post(CODE, data={"code": app.now()}).headers["location"] == "/staff/login"


def test_next_never_leaves_the_site(browser: Browser, app: pyotp.TOTP) -> None:
    client = after_password(browser, next="//evil.example")

    assert client.post(CODE, data={"code": app.now(), "next": "//evil.example"}).headers["location"] == "/staff"
