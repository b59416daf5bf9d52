"""Registration: a user, a customer, and the evidence of what they agreed to.

Nobody learns whether an address was known: it gets a letter either way, and only its owner can read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel.clock import business_now
from kernel.db import Session
from payments.autopay.consents import Evidence, record_consent
from payments.customers.registration import CustomerData, create_customer
from portal.accounts.finding import by_email
from portal.accounts.following import Contact, follow_user
from portal.accounts.letters import say_already_registered, send_link
from portal.accounts.models import Membership, User
from portal.accounts.passwords import hash_password, mark_of
from portal.accounts.sessions import end_sessions
from portal.accounts.tokens import CONFIRM_EMAIL, issue_token, revoke_tokens
from portal.accounts.visitor import Visitor
from portal.legal.wording import MARKETING, OFFER, PERSONAL_DATA, company_values, wording


@dataclass(frozen=True, slots=True)
class Registration:
    """What a person typed and ticked. The phone is E.164; the offer and the personal data boxes were ticked."""

    name: str
    email: str
    phone: str | None
    password: str
    marketing: bool
    locale: str = "ru"


def register(session: Session, data: Registration, visitor: Visitor, *, now: datetime) -> str:
    """Make a cabinet that waits for its address to be confirmed. `now` is real time.

    Returns the mark by which this browser shows, when the letter is opened, that the registration is its own.

    An address that waits for confirmation already is registered anew, the last password holds: nobody has proved to
    own it yet. A confirmed one is left alone and its owner gets a letter that says so.

    Raises:
        ConfigurationError: the company, whose texts are agreed to, is not named yet.
    """
    password_hash = hash_password(data.password)
    created = None if by_email(session, data.email) else _create(session, data, password_hash)
    user = created or by_email(session, data.email, lock=True)
    assert user is not None  # found, made, or made by somebody else a moment ago; users are never deleted
    if _is_claimed(user):
        say_already_registered(session, user)
        return mark_of(password_hash)
    if created is None:
        _renew(session, user, data, password_hash, now)
    _record_consents(session, data, user.id, visitor)
    token = issue_token(session, user, CONFIRM_EMAIL, email=user.email, now=now)
    send_link(session, user, CONFIRM_EMAIL, token, email=user.email)
    return mark_of(password_hash)


def _create(session: Session, data: Registration, password_hash: str) -> User | None:
    """The new user, or None when somebody registered this address a moment ago."""
    user = User(email=data.email, name=data.name, phone=data.phone, locale=data.locale, password_hash=password_hash)
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:
        return None
    customer = create_customer(session, CustomerData(name=data.name, email=data.email, phone=data.phone))
    session.add(Membership(user_id=user.id, customer_id=customer.id))
    session.flush()
    return user


def _is_claimed(user: User) -> bool:
    return user.email_confirmed_at is not None or user.staff_role is not None or user.disabled_at is not None


def _renew(session: Session, user: User, data: Registration, password_hash: str, now: datetime) -> None:
    before = Contact.of(user)
    user.email, user.name, user.phone = data.email, data.name, data.phone
    user.locale, user.password_hash = data.locale, password_hash
    end_sessions(session, user.id, now=now)
    revoke_tokens(session, user.id, now=now)
    follow_user(session, user, before)


def _record_consents(session: Session, data: Registration, user_id: UUID, visitor: Visitor) -> None:
    customer_id = session.scalars(
        select(Membership.customer_id).where(Membership.user_id == user_id).order_by(Membership.created_at)
    ).first()
    assert customer_id is not None  # made with the user
    values = company_values(session)
    evidence = Evidence(user_id, visitor.ip, visitor.user_agent)
    at = business_now(session)
    for kind in (OFFER, PERSONAL_DATA, *((MARKETING,) if data.marketing else ())):
        record_consent(
            session,
            customer_id=customer_id,
            kind=kind,
            action="given",
            wording=wording(kind, values),
            evidence=evidence,
            now=at,
        )
