"""Proving to own an address: after registration, and when it changes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError

from kernel.db import Session
from payments.customers.models import Customer
from portal.accounts.errors import AddressTaken, LinkGone, WrongPassword
from portal.accounts.finding import by_email
from portal.accounts.following import Contact, follow_user
from portal.accounts.letters import say_already_registered, say_email_changed, send_link
from portal.accounts.models import Membership, User
from portal.accounts.passwords import mark_of, verify_password
from portal.accounts.sessions import end_sessions
from portal.accounts.tokens import CHANGE_EMAIL, CONFIRM_EMAIL, issue_token, look_at, revoke_tokens, use_token
from portal.web.kit.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Proof:
    """How the presser of a button shows that the cabinet is theirs: they are signed in, registered here, or know its password.

    Whoever opens the letter owns the address; who typed that address into a registration may be somebody else.
    """

    user_id: UUID | None = None
    mark: str = ""
    password: str | None = None

    def is_at_hand(self, user: User) -> bool:
        """Whether the browser alone is proof enough."""
        return self.user_id == user.id or secrets.compare_digest(self.mark, mark_of(user.password_hash))

    def holds(self, user: User) -> bool:
        """Whether anything of it is good."""
        return self.is_at_hand(user) or (
            self.password is not None and verify_password(self.password, user.password_hash)[0]
        )


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Whose address is proved now; `changed` when it replaced another one."""

    user_id: UUID
    changed: bool


def send_confirmation(session: Session, email: str, *, now: datetime) -> None:
    """The letter again. A confirmed address is told so instead; an unknown one gets nothing."""
    user = by_email(session, email)
    if user is None or user.disabled_at is not None:
        return
    if user.email_confirmed_at is not None:
        say_already_registered(session, user)
        return
    token = issue_token(session, user, CONFIRM_EMAIL, email=user.email, now=now)
    send_link(session, user, CONFIRM_EMAIL, token, email=user.email)


def correct_address(session: Session, user_id: UUID, email: str, *, now: datetime) -> None:
    """Give an unconfirmed cabinet another address and send the letter there. Letters to the former one lose their power.

    When the new address has a cabinet of its own, its owner gets a letter and nothing changes.
    """
    user = session.get(User, user_id, with_for_update=True)
    if user is None or user.email_confirmed_at is not None:
        return
    before = Contact.of(user)
    owner = by_email(session, email)
    if owner is not None and owner.id != user.id:
        say_already_registered(session, owner)
        return
    _take_address(session, user, email)
    follow_user(session, user, before)
    revoke_tokens(session, user.id, now=now)
    token = issue_token(session, user, CONFIRM_EMAIL, email=email, now=now)
    send_link(session, user, CONFIRM_EMAIL, token, email=email)


def confirm_address(session: Session, token: str, proof: Proof, *, now: datetime) -> Confirmed:
    """The button of the letter was pressed: the address is proved. `now` is real time.

    A registration is opened to its own author only, and every session that began before is over.

    Raises:
        LinkGone: the link is used, too old or not ours.
        WrongPassword: nothing shows that the presser registered; the link stays good.
        AddressTaken: another cabinet confirmed this address first.
    """
    found = look_at(session, token, CONFIRM_EMAIL, CHANGE_EMAIL, now=now)
    if not found.live:
        raise LinkGone
    if found.purpose == CONFIRM_EMAIL and not proof.holds(found.user):
        raise WrongPassword
    link = use_token(session, token, found.purpose, now=now)
    if found.purpose == CHANGE_EMAIL:
        _change_address(session, link.user, link.email, now)
        return Confirmed(link.user.id, changed=True)
    if link.user.email.lower() != link.email.lower():
        raise LinkGone
    prove_address(session, link.user, now=now)
    end_sessions(session, link.user.id, now=now)
    revoke_tokens(session, link.user.id, CONFIRM_EMAIL, now=now)
    return Confirmed(link.user.id, changed=False)


def prove_address(session: Session, user: User, *, now: datetime) -> None:
    """The address is the user's: they find there what the company keeps under it. The caller ends what began before."""
    if user.email_confirmed_at is None:
        user.email_confirmed_at = now
        _adopt_customer(session, user)


def _change_address(session: Session, user: User, email: str, now: datetime) -> None:
    before = Contact.of(user)
    _take_address(session, user, email)
    user.email_confirmed_at = now
    follow_user(session, user, before)
    revoke_tokens(session, user.id, now=now)
    say_email_changed(session, user, old=before.email)


def _take_address(session: Session, user: User, email: str) -> None:
    try:
        with session.begin_nested():
            user.email = email
            session.flush()
    except IntegrityError as taken:
        raise AddressTaken(_("У этого адреса уже есть другой кабинет. Ваш адрес не изменён.")) from taken


def _adopt_customer(session: Session, user: User) -> None:
    # Whom the company wrote down before they had a login: an address that one customer has, and now its owner.
    waiting = session.scalars(
        select(Customer.id)
        .where(
            func.lower(Customer.email) == func.lower(user.email),
            ~exists().where(Membership.customer_id == Customer.id),
        )
        .limit(2)
    ).all()
    if len(waiting) == 1:
        # Before the customer that their registration made, which only holds what they agreed to: consents never move.
        # What they buy goes to the first.
        session.add(Membership(user_id=user.id, customer_id=waiting[0], created_at=user.created_at))
