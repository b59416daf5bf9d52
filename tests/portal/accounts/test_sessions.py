"""Sessions: what the cookie is worth, for how long, and to whom."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from kernel.clock import real_now
from kernel.db import Session
from kernel.errors import NotFound, Refused
from portal.accounts.errors import BadCredentials, LinkGone, WeakPassword, WrongPassword
from portal.accounts.login import sign_in
from portal.accounts.models import UserSession
from portal.accounts.profile import change_password
from portal.accounts.recovery import request_reset, reset_password
from portal.accounts.sessions import (
    CUSTOMER,
    STAFF,
    Audience,
    end_by_cookie,
    end_session,
    end_sessions,
    find_session,
    list_devices,
    start_session,
)
from portal.accounts.staff import invite_staff
from portal.accounts.staff_access import disable_user
from tests.portal.accounts.people import HOME, PASSWORD, confirmed, last_token, letters_to, registered

pytestmark = pytest.mark.usefixtures("company")
NEW = "синий лось бежит"


def _staff(session: Session, role: str = "owner") -> str:
    link = invite_staff(session, "boss@example.com", "Олег", role, now=real_now())
    reset_password(session, link.rpartition("/")[2], PASSWORD, brand="Кабинет", now=real_now())
    return link


def test_the_database_knows_only_the_digest_of_the_cookie(session: Session) -> None:
    token = start_session(session, confirmed(session).id, CUSTOMER, HOME, now=real_now())

    assert len(token) >= 43
    assert session.scalars(select(UserSession)).one().token_hash == hashlib.sha256(token.encode()).digest()


@pytest.mark.parametrize(
    ("audience", "idle", "absolute"),
    [(CUSTOMER, timedelta(hours=24), timedelta(days=30)), (STAFF, timedelta(minutes=30), timedelta(hours=12))],
)
def test_a_session_ends_when_idle_and_at_its_absolute_end(
    session: Session, audience: Audience, idle: timedelta, absolute: timedelta
) -> None:
    user = confirmed(session)
    user.staff_role = "owner" if audience == STAFF else None
    began = real_now()
    second = timedelta(seconds=1)
    idle_one = start_session(session, user.id, audience, HOME, now=began)
    busy_one = start_session(session, user.id, audience, HOME, now=began)

    assert find_session(session, idle_one, audience, now=began + idle - second)
    assert find_session(session, idle_one, audience, now=began + 2 * idle) is None
    at = began
    while at + idle / 2 < began + absolute:
        at += idle / 2
        assert find_session(session, busy_one, audience, now=at)
    assert find_session(session, busy_one, audience, now=began + absolute + second) is None


def test_being_seen_is_written_at_most_once_a_minute(session: Session) -> None:
    began = real_now()
    token = start_session(session, confirmed(session).id, CUSTOMER, HOME, now=began)
    row = session.scalars(select(UserSession)).one()

    find_session(session, token, CUSTOMER, now=began + timedelta(seconds=59))
    session.refresh(row)
    assert row.last_seen_at == began
    find_session(session, token, CUSTOMER, now=began + timedelta(seconds=61))
    session.refresh(row)
    assert row.last_seen_at == began + timedelta(seconds=61)


def test_a_cookie_of_one_audience_is_nothing_to_the_other(session: Session) -> None:
    user = confirmed(session)
    user.staff_role = "owner"
    customer = start_session(session, user.id, CUSTOMER, HOME, now=real_now())
    staff = start_session(session, user.id, STAFF, HOME, now=real_now())

    assert find_session(session, customer, STAFF, now=real_now()) is None
    assert find_session(session, staff, CUSTOMER, now=real_now()) is None


def test_an_employee_who_lost_the_role_is_out(session: Session) -> None:
    _staff(session)
    token = sign_in(session, "boss@example.com", PASSWORD, audience=STAFF, visitor=HOME, now=real_now()).token
    found = find_session(session, token, STAFF, now=real_now())
    assert found is not None
    assert found.staff_role == "owner"

    user = session.get_one(type(confirmed(session)), found.user_id)
    user.staff_role = None
    session.flush()

    assert find_session(session, token, STAFF, now=real_now()) is None


def test_a_disabled_user_is_out_at_once_and_stays_out(session: Session) -> None:
    user = confirmed(session)
    token = start_session(session, user.id, CUSTOMER, HOME, now=real_now())

    disable_user(session, user.id, now=real_now())

    assert find_session(session, token, CUSTOMER, now=real_now()) is None
    with pytest.raises(BadCredentials):
        sign_in(session, user.email, PASSWORD, audience=CUSTOMER, visitor=HOME, now=real_now())


def test_nobody_ends_or_sees_a_session_of_somebody_else(session: Session) -> None:
    anna, boris = confirmed(session), confirmed(session, "boris@example.com")
    start_session(session, anna.id, CUSTOMER, HOME, now=real_now())
    [device] = list_devices(session, anna.id, CUSTOMER, now=real_now())

    with pytest.raises(NotFound):
        end_session(session, device.id, boris.id, now=real_now())
    with pytest.raises(NotFound):
        end_session(session, uuid4(), anna.id, now=real_now())
    assert list_devices(session, boris.id, CUSTOMER, now=real_now()) == ()
    assert list_devices(session, anna.id, CUSTOMER, now=real_now()) == (device,)


def test_sessions_end_one_by_one_and_all_but_one(session: Session) -> None:
    user = confirmed(session)
    tokens = [start_session(session, user.id, CUSTOMER, HOME, now=real_now()) for _ in range(4)]
    first = find_session(session, tokens[0], CUSTOMER, now=real_now())
    assert first is not None

    end_by_cookie(session, tokens[1], now=real_now())
    assert [bool(find_session(session, token, CUSTOMER, now=real_now())) for token in tokens] == [
        True,
        False,
        True,
        True,
    ]
    end_sessions(session, user.id, now=real_now(), keep=first.session_id)
    assert [bool(find_session(session, token, CUSTOMER, now=real_now())) for token in tokens] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("login", ["anna@example.com", "ANNA@EXAMPLE.COM", "8 (916) 123-45-67", "+7 916 123 45 67"])
def test_a_customer_comes_in_by_address_or_phone(session: Session, login: str) -> None:
    confirmed(session)

    assert sign_in(session, login, PASSWORD, audience=CUSTOMER, visitor=HOME, now=real_now()).token


@pytest.mark.parametrize("login", ["anna@example.com", "boris@example.com", "8 916 123-45-67", "ерунда", "@", "0"])
def test_a_wrong_password_and_an_unknown_login_are_the_same_error(session: Session, login: str) -> None:
    confirmed(session)

    with pytest.raises(BadCredentials):
        sign_in(session, login, "не тот пароль", audience=CUSTOMER, visitor=HOME, now=real_now())


def test_a_phone_lets_nobody_in_before_the_address_is_proved(session: Session) -> None:
    registered(session)

    with pytest.raises(BadCredentials):
        sign_in(session, "+79161234567", PASSWORD, audience=CUSTOMER, visitor=HOME, now=real_now())


def test_two_people_with_one_phone_come_in_with_their_own_passwords(session: Session) -> None:
    anna, boris = confirmed(session), confirmed(session, "boris@example.com", password=NEW)

    for password, user in ((PASSWORD, anna), (NEW, boris)):
        token = sign_in(session, "+79161234567", password, audience=CUSTOMER, visitor=HOME, now=real_now()).token
        found = find_session(session, token, CUSTOMER, now=real_now())
        assert found is not None
        assert found.user_id == user.id


def test_a_customer_is_no_employee_and_an_employee_no_customer(session: Session) -> None:
    confirmed(session)
    _staff(session)

    with pytest.raises(BadCredentials):
        sign_in(session, "anna@example.com", PASSWORD, audience=STAFF, visitor=HOME, now=real_now())
    with pytest.raises(BadCredentials):
        sign_in(session, "boss@example.com", PASSWORD, audience=CUSTOMER, visitor=HOME, now=real_now())


def test_a_reset_ends_every_session_and_every_other_link(session: Session) -> None:
    user = confirmed(session)
    token = start_session(session, user.id, CUSTOMER, HOME, now=real_now())
    request_reset(session, user.email, now=real_now())
    other = last_token(session, user.email)
    request_reset(session, user.email, now=real_now())

    reset_password(session, last_token(session, user.email), NEW, brand="Кабинет", now=real_now())

    assert find_session(session, token, CUSTOMER, now=real_now()) is None
    with pytest.raises(LinkGone):
        reset_password(session, other, PASSWORD, brand="Кабинет", now=real_now())
    assert letters_to(session, user.email)[-1].kind == "password_changed"
    assert sign_in(session, user.email, NEW, audience=CUSTOMER, visitor=HOME, now=real_now()).token


@pytest.mark.parametrize(("minutes", "good"), [(29, True), (31, False)])
def test_a_reset_link_lasts_half_an_hour(session: Session, minutes: int, *, good: bool) -> None:
    user = confirmed(session)
    request_reset(session, user.email, now=real_now())
    later = real_now() + timedelta(minutes=minutes)

    if good:
        reset_password(session, last_token(session, user.email), NEW, brand="Кабинет", now=later)
    else:
        with pytest.raises(LinkGone):
            reset_password(session, last_token(session, user.email), NEW, brand="Кабинет", now=later)


def test_a_weak_password_leaves_the_link_good(session: Session) -> None:
    user = confirmed(session)
    request_reset(session, user.email, now=real_now())
    token = last_token(session, user.email)

    with pytest.raises(WeakPassword):
        reset_password(session, token, "password123", brand="Кабинет", now=real_now())
    reset_password(session, token, NEW, brand="Кабинет", now=real_now())


def test_a_link_for_one_purpose_does_nothing_else(session: Session) -> None:
    user = registered(session)

    with pytest.raises(LinkGone):
        reset_password(session, last_token(session, user.email), NEW, brand="Кабинет", now=real_now())


def test_an_unknown_address_gets_no_reset_letter(session: Session) -> None:
    request_reset(session, "nobody@example.com", now=real_now())

    assert letters_to(session, "nobody@example.com") == []


def test_a_password_is_changed_by_who_knows_it_and_other_devices_are_out(session: Session) -> None:
    user = confirmed(session)
    old = start_session(session, user.id, CUSTOMER, HOME, now=real_now())

    def change(current: str, new: str) -> str:
        return change_password(
            session,
            user.id,
            current=current,
            new=new,
            brand="Кабинет",
            audience=CUSTOMER,
            visitor=HOME,
            now=real_now(),
        )

    with pytest.raises(WrongPassword):
        change("не тот пароль", NEW)
    with pytest.raises(WeakPassword):
        change(PASSWORD, "password123")
    assert find_session(session, old, CUSTOMER, now=real_now())
    fresh = change(PASSWORD, NEW)

    assert find_session(session, old, CUSTOMER, now=real_now()) is None
    assert find_session(session, fresh, CUSTOMER, now=real_now())
    assert letters_to(session, user.email)[-1].kind == "password_changed"


def test_an_invited_employee_has_no_password_until_the_link_is_used(session: Session) -> None:
    link = invite_staff(session, "boss@example.com", "Олег", "owner", now=real_now())

    for guess in ("!", "", "Олег"):
        with pytest.raises(BadCredentials):
            sign_in(session, "boss@example.com", guess, audience=STAFF, visitor=HOME, now=real_now())
    reset_password(session, link.rpartition("/")[2], PASSWORD, brand="Кабинет", now=real_now())
    assert sign_in(session, "boss@example.com", PASSWORD, audience=STAFF, visitor=HOME, now=real_now()).token


def test_an_invitation_is_refused_for_an_unknown_role_and_for_a_customers_address(session: Session) -> None:
    confirmed(session)

    with pytest.raises(Refused):
        invite_staff(session, "boss@example.com", "Олег", "god", now=real_now())
    with pytest.raises(Refused):
        invite_staff(session, "anna@example.com", "Анна", "owner", now=real_now())
    with pytest.raises(ValueError, match="почту"):
        invite_staff(session, "не адрес", "Олег", "owner", now=real_now())
