"""People for the tests of accounts, made with the production verbs."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel.clock import real_now
from kernel.db import Session
from portal.accounts.confirmation import Proof, confirm_address
from portal.accounts.models import Membership, User
from portal.accounts.registration import Registration, register
from portal.accounts.visitor import Visitor
from portal.notifications.models import Message

PASSWORD = "белый кит плывёт"
OWN = Proof(password=PASSWORD)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
HOME = Visitor("192.0.2.7", CHROME)


def registration(email: str = "anna@example.com", *, password: str = PASSWORD, marketing: bool = False) -> Registration:
    """What Anna types."""
    return Registration(name="Анна Ковалёва", email=email, phone="+79161234567", password=password, marketing=marketing)


def registered(session: Session, email: str = "anna@example.com", *, password: str = PASSWORD) -> User:
    """A user who has not confirmed the address yet."""
    register(session, registration(email, password=password), HOME, now=real_now())
    return session.scalars(select(User).where(User.email == email)).one()


def confirmed(
    session: Session, email: str = "anna@example.com", *, password: str = PASSWORD, now: datetime | None = None
) -> User:
    """A user with a confirmed address."""
    user = registered(session, email, password=password)
    confirm_address(session, last_token(session, email), Proof(password=password), now=now or real_now())
    return user


def letters_to(session: Session, email: str) -> list[Message]:
    """Every letter to an address, the oldest first."""
    return list(session.scalars(select(Message).where(Message.recipient == email).order_by(Message.id)))


def last_token(session: Session, email: str) -> str:
    """The secret in the last letter to an address."""
    found = re.search(r"/(?:email/confirm|password/reset)/([\w-]+)", letters_to(session, email)[-1].text_body)
    assert found
    return found[1]


def customer_of(session: Session, user_id: UUID) -> UUID:
    """The first customer of a user."""
    return session.scalars(select(Membership.customer_id).where(Membership.user_id == user_id)).one()
