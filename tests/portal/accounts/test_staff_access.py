"""Roles and access of employees: taken at once, and never from the last owner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from kernel.clock import real_now
from kernel.db import Session, begin
from kernel.errors import NotFound, Refused
from portal.accounts.models import User
from portal.accounts.passwords import NO_PASSWORD
from portal.accounts.sessions import STAFF, find_session, start_session
from portal.accounts.staff import invite_again, invite_by_letter, invite_staff
from portal.accounts.staff_access import LastOwner, change_role, let_in, reset_second_factor, shut_out
from tests.portal.accounts.people import HOME, confirmed, letters_to
from tests.support.business import open_company


def employed(session: Session, email: str, role: str = "owner", *, password_hash: str = "-") -> User:
    user = User(email=email, name="Олег", password_hash=password_hash, staff_role=role, email_confirmed_at=real_now())
    session.add(user)
    session.flush()
    return user


def test_another_role_ends_the_sessions_at_once(session: Session) -> None:
    employed(session, "boss@example.com")
    user = employed(session, "anna@example.com", "manager")
    token = start_session(session, user.id, STAFF, HOME, now=real_now())

    assert change_role(session, user.id, "viewer", now=real_now()) == "manager"
    assert change_role(session, user.id, "viewer", now=real_now()) is None

    assert user.staff_role == "viewer"
    assert find_session(session, token, STAFF, now=real_now()) is None


def test_whoever_is_shut_out_is_out_at_once_and_may_be_let_in_again(session: Session) -> None:
    employed(session, "boss@example.com")
    user = employed(session, "anna@example.com", "manager")
    token = start_session(session, user.id, STAFF, HOME, now=real_now())

    assert [shut_out(session, user.id, now=real_now()) for _ in range(2)] == [True, False]
    assert find_session(session, token, STAFF, now=real_now()) is None
    assert [let_in(session, user.id) for _ in range(2)] == [True, False]
    assert find_session(session, token, STAFF, now=real_now()) is None, "the old session stays dead"


@pytest.mark.parametrize("others", [[], ["manager"], ["disabled owner"], ["invited owner"]])
def test_the_last_active_owner_stays(session: Session, others: list[str]) -> None:
    owner = employed(session, "boss@example.com")
    if "manager" in others:
        employed(session, "m@example.com", "manager")
    if "disabled owner" in others:
        employed(session, "d@example.com").disabled_at = real_now()
    if "invited owner" in others:
        employed(session, "i@example.com", password_hash=NO_PASSWORD)
    session.flush()

    with pytest.raises(LastOwner, match="единственный"):
        change_role(session, owner.id, "viewer", now=real_now())
    with pytest.raises(LastOwner, match="единственный"):
        shut_out(session, owner.id, now=real_now())
    with pytest.raises(LastOwner, match="единственный"):
        invite_staff(session, owner.email, "Олег", "viewer", now=real_now())
    assert (owner.staff_role, owner.disabled_at) == ("owner", None)


@pytest.mark.parametrize("act", ["demote", "shut out"])
def test_two_owners_who_turn_on_each_other_leave_one(committed: str, act: str) -> None:
    with begin() as session:
        open_company(session)
        pair = [employed(session, f"{name}@example.com").id for name in ("anna", "boris")]

    def turn_on(user_id: UUID) -> bool:
        try:
            with begin() as session:
                if act == "demote":
                    change_role(session, user_id, "viewer", now=real_now())
                else:
                    shut_out(session, user_id, now=real_now())
        except LastOwner:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(turn_on, pair)) == [False, True]
    with begin() as session:
        active = select(func.count()).where(User.staff_role == "owner", User.disabled_at.is_(None))
        assert session.execute(active).scalar_one() == 1


def test_customers_and_strangers_are_no_employees(session: Session) -> None:
    open_company(session)
    customer = confirmed(session)

    for user_id in (customer.id, uuid4()):
        for act in (
            lambda who: change_role(session, who, "owner", now=real_now()),
            lambda who: shut_out(session, who, now=real_now()),
            lambda who: let_in(session, who),
            lambda who: reset_second_factor(session, who, now=real_now()),
            lambda who: invite_again(session, who, now=real_now()),
        ):
            with pytest.raises(NotFound):
                act(user_id)
    assert customer.staff_role is None


def test_an_invitation_goes_by_letter_and_a_second_one_replaces_its_link(session: Session) -> None:
    open_company(session)
    employed(session, "boss@example.com")
    user = invite_by_letter(session, "anna@example.com", "Анна", "viewer", now=real_now())

    invite_again(session, user.id, now=real_now())

    first, second = letters_to(session, "anna@example.com")
    assert {first.kind, second.kind} == {"staff_invited"}
    assert first.text_body != second.text_body
    with pytest.raises(Refused, match="уже есть"):
        invite_by_letter(session, "ANNA@example.com", "Анна", "owner", now=real_now())
    assert user.staff_role == "viewer"


def test_who_has_a_password_needs_no_invitation(session: Session) -> None:
    open_company(session)
    user = employed(session, "anna@example.com", "viewer")

    with pytest.raises(Refused):
        invite_again(session, user.id, now=real_now())


def test_inviting_somebody_anew_with_another_role_ends_their_sessions(session: Session) -> None:
    employed(session, "boss@example.com")
    user = employed(session, "anna@example.com", "manager")
    token = start_session(session, user.id, STAFF, HOME, now=real_now())

    invite_staff(session, user.email, "Анна", "viewer", now=real_now())

    assert find_session(session, token, STAFF, now=real_now()) is None
