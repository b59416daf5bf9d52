"""Registration: who comes into being, what they agreed to, and what a known address leads to."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import func, select

from kernel.clock import real_now
from kernel.db import Session
from payments.autopay.models import Consent
from payments.customers.models import Customer
from portal.accounts.confirmation import confirm_address
from portal.accounts.errors import BadCredentials, LinkGone
from portal.accounts.login import sign_in
from portal.accounts.models import Membership, OneTimeToken, User
from portal.accounts.registration import register
from portal.accounts.sessions import CUSTOMER
from portal.accounts.staff import invite_staff
from tests.portal.accounts.people import HOME, PASSWORD, confirmed, last_token, letters_to, registered, registration

pytestmark = pytest.mark.usefixtures("company")


def test_registration_makes_a_user_a_customer_and_a_letter(session: Session) -> None:
    user = registered(session)

    customer = session.scalars(
        select(Customer).join(Membership, Membership.customer_id == Customer.id).where(Membership.user_id == user.id)
    ).one()
    assert (customer.name, customer.email, customer.phone) == ("Анна Ковалёва", "anna@example.com", "+79161234567")
    assert user.email_confirmed_at is None
    assert [letter.kind for letter in letters_to(session, user.email)] == ["confirm_email"]


@pytest.mark.parametrize("marketing", [False, True])
def test_each_consent_is_kept_with_its_exact_text_and_where_it_came_from(session: Session, *, marketing: bool) -> None:
    register(session, registration(marketing=marketing), HOME, now=real_now())

    found = session.scalars(select(Consent).order_by(Consent.id)).all()

    assert [one.kind for one in found] == ["offer", "personal_data", "marketing"][: 2 + marketing]
    for consent in found:
        assert consent.action == "given"
        assert consent.text_sha256 == hashlib.sha256(consent.text.encode()).hexdigest()
        assert "ООО «Тёплый контур»" in consent.text
        assert "5000123456" in consent.text
        assert "{" not in consent.text
        assert consent.shown["box"]
        assert (str(consent.ip), consent.user_agent) == (HOME.ip, HOME.user_agent)
        assert consent.user_id is not None


def test_the_database_keeps_no_password_and_no_token(session: Session) -> None:
    user = registered(session)
    token = last_token(session, user.email)

    stored = session.scalars(select(OneTimeToken)).one()

    assert PASSWORD not in user.password_hash
    assert stored.token_hash == hashlib.sha256(token.encode()).digest()


def test_a_confirmed_address_stays_as_it_is_and_its_owner_is_told(session: Session) -> None:
    confirmed(session)
    users, consents = session.scalar(select(func.count(User.id))), session.scalar(select(func.count(Consent.id)))

    register(session, registration("Anna@Example.com", password="чужой пароль 77"), HOME, now=real_now())

    assert session.scalar(select(func.count(User.id))) == users
    assert session.scalar(select(func.count(Consent.id))) == consents
    assert letters_to(session, "anna@example.com")[-1].kind == "already_registered"
    with pytest.raises(BadCredentials):
        sign_in(session, "anna@example.com", "чужой пароль 77", audience=CUSTOMER, visitor=HOME, now=real_now())


def test_an_unconfirmed_address_is_registered_anew_and_the_first_letter_loses_its_power(session: Session) -> None:
    registered(session, password="пароль самозванца")
    first = last_token(session, "anna@example.com")

    registered(session, password=PASSWORD)

    with pytest.raises(LinkGone):
        confirm_address(session, first, now=real_now())
    confirm_address(session, last_token(session, "anna@example.com"), now=real_now())
    with pytest.raises(BadCredentials):
        sign_in(session, "anna@example.com", "пароль самозванца", audience=CUSTOMER, visitor=HOME, now=real_now())
    assert sign_in(session, "anna@example.com", PASSWORD, audience=CUSTOMER, visitor=HOME, now=real_now()).token
    assert session.scalar(select(func.count(Customer.id))) == 1


def test_registering_with_the_address_of_an_invited_employee_does_not_set_their_password(session: Session) -> None:
    invite_staff(session, "boss@example.com", "Олег", "owner", now=real_now())

    register(session, registration("boss@example.com"), HOME, now=real_now())

    user = session.scalars(select(User).where(User.email == "boss@example.com")).one()
    assert user.password_hash == "!"
    assert letters_to(session, "boss@example.com")[-1].kind == "already_registered"


def test_the_letter_to_an_unproved_address_repeats_nothing_that_a_stranger_typed(session: Session) -> None:
    registered(session)

    letter = letters_to(session, "anna@example.com")[-1]

    assert "Анна" not in letter.text_body
    assert "Анна" not in letter.html_body
