"""An employee sets up the app, keeps the backup codes, changes the password and signs devices out."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from kernel.clock import real_now
from kernel.db import begin, read
from portal.accounts.models import UserSession
from portal.accounts.second_factor.models import Authenticator, BackupCode
from portal.accounts.sessions import STAFF
from tests.portal.accounts.people import PASSWORD
from tests.portal.web.played_desk import employee
from tests.portal.web.staff.conftest import Desk, session_of

pytestmark = pytest.mark.committed

ENROL = "/staff/security/authenticator"
CODES = "/staff/security/backup-codes"


@pytest.fixture
def boss(desk: Desk) -> TestClient:
    """Signed in a moment ago."""
    client = desk(role=None)
    with begin() as session:
        user_id = employee(session, "boss@example.com", "owner").id
    client.cookies.set("kabinet_staff", session_of(user_id, STAFF), domain="localhost.local")
    return client


def offer_of(page: str) -> tuple[str, pyotp.TOTP]:
    [sealed] = re.findall(r'name="offer" value="([^"]+)"', page)
    [secret] = re.findall(r"<code>([A-Z2-7 ]+)</code>", page)
    return sealed, pyotp.TOTP(secret.replace(" ", ""))


def shown_codes(page: str) -> list[str]:
    return re.findall(r"<li><code>([A-Z2-9-]{19})</code></li>", page)


def enrol(client: TestClient) -> tuple[pyotp.TOTP, list[str]]:
    sealed, app = offer_of(client.get(ENROL).text)
    answer = client.post(ENROL, data={"offer": sealed, "code": app.at(real_now() - timedelta(seconds=30))})
    assert (answer.status_code, answer.headers["location"]) == (303, CODES)
    return app, shown_codes(client.get(CODES).text)


def test_the_app_is_set_up_with_its_code_and_ten_backup_codes_are_shown(boss: TestClient) -> None:
    page = boss.get(ENROL)
    assert page.headers["cache-control"] == "no-store"
    assert page.text.count("<svg") >= 1
    assert 'role="img"' in page.text

    _app, codes = enrol(boss)

    assert len(set(codes)) == 10
    assert "10 из 10" in boss.get("/staff/security").text


def test_looking_at_the_page_stores_nothing_and_each_look_is_a_new_secret(boss: TestClient) -> None:
    secrets = {offer_of(boss.get(ENROL).text)[1].secret for _ in range(3)}

    assert len(secrets) == 3
    with read() as session:
        assert session.scalars(select(Authenticator)).all() == []


def test_a_wrong_code_brings_the_form_back_with_the_same_secret(boss: TestClient) -> None:
    sealed, app = offer_of(boss.get(ENROL).text)

    answer = boss.post(ENROL, data={"offer": sealed, "code": "000000"})

    assert answer.status_code == 422
    assert "Код не подошёл" in answer.text
    assert offer_of(answer.text)[1].secret == app.secret
    with read() as session:
        assert session.scalars(select(Authenticator)).all() == []


def test_backup_codes_are_gone_once_they_are_said_to_be_saved(boss: TestClient) -> None:
    _app, codes = enrol(boss)
    file = boss.get(f"{CODES}/file")
    assert [line for line in file.text.splitlines() if line in codes] == codes
    assert "attachment" in file.headers["content-disposition"]

    assert boss.post(f"{CODES}/saved").headers["location"] == "/staff/security"

    assert shown_codes(boss.get(CODES).text) == []
    assert boss.get(f"{CODES}/file").status_code == 404


def test_the_cookie_of_the_codes_is_sealed_and_no_use_to_a_colleague(boss: TestClient, desk: Desk) -> None:
    _app, codes = enrol(boss)
    kept = boss.cookies["kabinet_codes"]
    thief = desk("viewer")
    thief.cookies.set("kabinet_codes", kept)

    assert not [code for code in codes if code in kept]
    assert thief.get(f"{CODES}/file").status_code == 404


def test_new_backup_codes_need_a_code_of_the_app(boss: TestClient) -> None:
    app, codes = enrol(boss)
    boss.post(f"{CODES}/saved")

    assert boss.post(CODES, data={"code": "000000"}).status_code == 422
    assert boss.post(CODES, data={"code": app.now()}).headers["location"] == CODES

    fresh = shown_codes(boss.get(CODES).text)
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)


def test_another_app_needs_a_code_of_the_earlier_one(boss: TestClient) -> None:
    app, codes = enrol(boss)
    page = boss.get(ENROL).text
    assert 'name="earlier"' in page
    assert 'name="current"' not in page
    sealed, fresh = offer_of(page)
    code = fresh.now()

    for earlier in ("", "000000"):
        assert boss.post(ENROL, data={"offer": sealed, "code": code, "earlier": earlier}).status_code == 422
    assert boss.post(ENROL, data={"offer": sealed, "code": code, "earlier": codes[0]}).status_code == 303
    with read() as session:
        assert session.scalars(select(BackupCode.used_at)).all() == [None] * 10, "the earlier codes are gone"
    assert app.secret != fresh.secret


def test_an_earlier_code_is_not_used_up_by_a_new_one_that_was_wrong(boss: TestClient) -> None:
    _app, codes = enrol(boss)
    sealed, fresh = offer_of(boss.get(ENROL).text)

    assert boss.post(ENROL, data={"offer": sealed, "code": "000000", "earlier": codes[0]}).status_code == 422
    assert boss.post(ENROL, data={"offer": sealed, "code": fresh.now(), "earlier": codes[0]}).status_code == 303


def test_long_after_the_login_the_password_is_asked_for(boss: TestClient) -> None:
    with begin() as session:
        session.execute(update(UserSession).values(created_at=real_now() - timedelta(minutes=11)))
    page = boss.get(ENROL).text
    sealed, app = offer_of(page)
    assert 'name="current"' in page

    form = {"offer": sealed, "code": app.now()}
    assert boss.post(ENROL, data=form).status_code == 422
    assert boss.post(ENROL, data=form | {"current": "не тот пароль"}).status_code == 422
    assert boss.post(ENROL, data=form | {"current": PASSWORD}).status_code == 303


def test_where_it_is_optional_it_is_turned_off_with_a_code(boss: TestClient) -> None:
    app, _codes = enrol(boss)
    boss.post(f"{CODES}/saved")

    assert boss.post(f"{ENROL}/removal", data={"code": "000000"}).status_code == 422
    assert boss.post(f"{ENROL}/removal", data={"code": app.now()}).headers["location"] == "/staff/login"
    assert boss.get("/staff/security").status_code == 303
    with read() as session:
        assert session.scalars(select(Authenticator)).all() == []


def test_the_password_is_changed_and_other_devices_are_signed_out(boss: TestClient, desk: Desk) -> None:
    enrol(boss)
    with read() as session:
        [user_id] = session.scalars(select(Authenticator.user_id)).all()
    other = desk(role=None)
    other.cookies.set("kabinet_staff", session_of(user_id, STAFF))
    form = {"current": PASSWORD, "password": "синий лось бежит"}

    assert boss.post("/staff/security/password", data=form | {"current": "мимо мимо"}).status_code == 422
    assert boss.post("/staff/security/password", data=form | {"password": "коротко"}).status_code == 422
    assert boss.post("/staff/security/password", data=form).status_code == 303

    assert boss.get("/staff/security").status_code == 200
    assert other.get("/staff/security").status_code == 303
    with read() as session:
        live = select(UserSession).where(UserSession.ended_at.is_(None))
        assert session.scalars(live).one().second_factor_at, "the new session has passed the second step as well"


def test_a_colleagues_device_is_not_there(boss: TestClient, desk: Desk) -> None:
    desk("viewer")
    with read() as session:
        theirs = session.scalars(select(UserSession.id).order_by(UserSession.created_at.desc())).first()

    assert boss.post(f"/staff/security/sessions/{theirs}/end").status_code == 404
