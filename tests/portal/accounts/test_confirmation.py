"""Proving an address: once, in time, and what it brings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from kernel.clock import real_now
from kernel.db import Session
from payments.customers.models import Customer
from payments.customers.registration import CustomerData, create_customer
from portal.accounts.confirmation import confirm_address, correct_address, send_confirmation
from portal.accounts.errors import AddressTaken, LinkGone, WrongPassword
from portal.accounts.models import Membership, User
from portal.accounts.profile import change_profile, forget_address_change, request_address_change
from portal.accounts.staff_access import disable_user
from portal.accounts.tokens import CONFIRM_EMAIL, look_at, pending_address
from tests.portal.accounts.people import PASSWORD, confirmed, customer_of, last_token, letters_to, registered

pytestmark = pytest.mark.usefixtures("company")


def test_a_link_confirms_once(session: Session) -> None:
    user = registered(session)
    token = last_token(session, user.email)

    confirm_address(session, token, now=real_now())

    assert user.email_confirmed_at is not None
    with pytest.raises(LinkGone):
        confirm_address(session, token, now=real_now())


def test_looking_at_a_link_uses_nothing_up(session: Session) -> None:
    user = registered(session)
    token = last_token(session, user.email)

    assert look_at(session, token, CONFIRM_EMAIL, now=real_now()).live
    assert look_at(session, token, CONFIRM_EMAIL, now=real_now()).live
    confirm_address(session, token, now=real_now())


@pytest.mark.parametrize(("hours", "good"), [(23, True), (25, False)])
def test_a_link_lasts_a_day(session: Session, hours: int, *, good: bool) -> None:
    registered(session)
    token = last_token(session, "anna@example.com")
    later = real_now() + timedelta(hours=hours)

    if good:
        confirm_address(session, token, now=later)
    else:
        with pytest.raises(LinkGone):
            confirm_address(session, token, now=later)


def test_either_of_two_letters_works(session: Session) -> None:
    registered(session)
    first = last_token(session, "anna@example.com")
    send_confirmation(session, "anna@example.com", now=real_now())

    confirm_address(session, first, now=real_now())

    with pytest.raises(LinkGone):
        confirm_address(session, last_token(session, "anna@example.com"), now=real_now())


def test_a_corrected_address_gets_its_letter_and_the_former_link_dies(session: Session) -> None:
    user = registered(session, "ana@example.com")
    old = last_token(session, "ana@example.com")

    correct_address(session, user.id, "anna@example.com", now=real_now())

    with pytest.raises(LinkGone):
        confirm_address(session, old, now=real_now())
    confirm_address(session, last_token(session, "anna@example.com"), now=real_now())
    assert user.email == "anna@example.com"
    assert session.get_one(Customer, customer_of(session, user.id)).email == "anna@example.com"


def test_an_address_of_another_cabinet_cannot_be_taken_by_correcting(session: Session) -> None:
    confirmed(session, "boris@example.com")
    user = registered(session)

    correct_address(session, user.id, "boris@example.com", now=real_now())

    assert user.email == "anna@example.com"
    assert letters_to(session, "boris@example.com")[-1].kind == "already_registered"


def test_a_confirmed_user_finds_the_contracts_that_the_company_keeps_under_the_address(session: Session) -> None:
    known = create_customer(session, CustomerData(name="Ковалёва А. П.", email="ANNA@example.com"))
    stranger = create_customer(session, CustomerData(name="Борис", email="boris@example.com"))

    user = confirmed(session)

    acting_for = set(session.scalars(select(Membership.customer_id).where(Membership.user_id == user.id)))
    assert known.id in acting_for
    assert stranger.id not in acting_for


def test_nobody_gets_at_known_contracts_before_the_address_is_proved(session: Session) -> None:
    known = create_customer(session, CustomerData(name="Ковалёва А. П.", email="anna@example.com"))

    user = registered(session)
    correct_address(session, user.id, "thief@example.com", now=real_now())
    confirm_address(session, last_token(session, "thief@example.com"), now=real_now())

    assert known.id not in set(session.scalars(select(Membership.customer_id)))


def test_an_address_that_several_customers_share_brings_none_of_them(session: Session) -> None:
    for name in ("Группа 1", "Группа 2"):
        create_customer(session, CustomerData(name=name, email="school@example.com"))

    user = confirmed(session, "school@example.com")

    assert len(session.scalars(select(Membership).where(Membership.user_id == user.id)).all()) == 1


def test_a_new_address_replaces_the_old_one_only_when_its_owner_presses_the_button(session: Session) -> None:
    user = confirmed(session)

    request_address_change(session, user.id, "new@example.com", password=PASSWORD, now=real_now())

    assert user.email == "anna@example.com"
    assert pending_address(session, user.id, now=real_now()) == "new@example.com"
    assert confirm_address(session, last_token(session, "new@example.com"), now=real_now()).changed
    assert user.email == "new@example.com"
    assert session.get_one(Customer, customer_of(session, user.id)).email == "new@example.com"
    assert letters_to(session, "anna@example.com")[-1].kind == "email_changed_old"


def test_a_new_address_needs_the_password(session: Session) -> None:
    user = confirmed(session)

    with pytest.raises(WrongPassword):
        request_address_change(session, user.id, "new@example.com", password="не тот пароль", now=real_now())

    assert letters_to(session, "new@example.com") == []


def test_a_change_that_was_taken_back_has_a_dead_link(session: Session) -> None:
    user = confirmed(session)
    request_address_change(session, user.id, "new@example.com", password=PASSWORD, now=real_now())

    forget_address_change(session, user.id, now=real_now())

    with pytest.raises(LinkGone):
        confirm_address(session, last_token(session, "new@example.com"), now=real_now())


def test_an_address_that_somebody_else_took_meanwhile_is_refused(session: Session) -> None:
    user = confirmed(session)
    request_address_change(session, user.id, "new@example.com", password=PASSWORD, now=real_now())
    token = last_token(session, "new@example.com")
    confirmed(session, "new@example.com")

    with pytest.raises(AddressTaken):
        confirm_address(session, token, now=real_now())

    assert user.email == "anna@example.com"


def test_a_disabled_users_link_is_dead(session: Session) -> None:
    user = registered(session)
    token = last_token(session, user.email)

    disable_user(session, user.id, now=real_now())

    with pytest.raises(LinkGone):
        confirm_address(session, token, now=real_now())


def test_what_the_company_wrote_down_otherwise_does_not_follow_the_user(session: Session) -> None:
    known = create_customer(
        session, CustomerData(name="Ковалёва А. П.", email="anna@example.com", phone="+74950000000")
    )
    user = confirmed(session)

    change_profile(session, user.id, name="Анна Иванова", phone="+79161112233")

    assert (known.name, known.phone) == ("Ковалёва А. П.", "+74950000000")
    assert session.scalars(select(User)).one().name == "Анна Иванова"
