"""The letters of accounts. Each kind has its templates in `templates/emails/<kind>/`."""

from __future__ import annotations

from kernel.db import Session
from kernel.ids import uuid7
from kernel.settings import get_settings
from portal.accounts.models import User
from portal.accounts.tokens import CHANGE_EMAIL, CONFIRM_EMAIL, RESET_PASSWORD, digest
from portal.notifications.letters import queue_letter

_KIND = {
    CONFIRM_EMAIL: "confirm_email",
    CHANGE_EMAIL: "confirm_new_email",
    RESET_PASSWORD: "reset_password",
}
_PATH = {
    CONFIRM_EMAIL: "/email/confirm/",
    CHANGE_EMAIL: "/email/confirm/",
    RESET_PASSWORD: "/password/reset/",
}


def link_to(purpose: str, token: str) -> str:
    """The address in the letter: a page with a button, harmless to open."""
    return f"{get_settings().base_url}{_PATH[purpose]}{token}"


def send_link(session: Session, user: User, purpose: str, token: str, *, email: str) -> None:
    """The letter with the link."""
    queue_letter(
        session,
        _KIND[purpose],
        email,
        {"name": user.name, "link": link_to(purpose, token)},
        dedupe_key=f"{purpose}:{digest(token).hex()}",
        user_id=user.id,
    )


def send_invitation(session: Session, user: User, link: str) -> None:
    """The letter to a new employee: the link at which they set their password."""
    queue_letter(
        session,
        "staff_invited",
        user.email,
        {"name": user.name, "link": link},
        dedupe_key=f"staff_invited:{digest(link).hex()}",
        user_id=user.id,
    )


def say_second_factor_changed(session: Session, user: User, change: str) -> None:
    """The second step of an employee's login is on, replaced, off, or reset by an owner: they must hear of it."""
    queue_letter(
        session,
        "second_factor_changed",
        user.email,
        {"name": user.name, "change": change},
        dedupe_key=f"second_factor_changed:{uuid7()}",
        user_id=user.id,
    )


def say_already_registered(session: Session, user: User) -> None:
    """Somebody tried to register with this person's address, perhaps the person."""
    queue_letter(
        session,
        "already_registered",
        user.email,
        {"name": user.name},
        dedupe_key=f"already_registered:{uuid7()}",
        user_id=user.id,
    )


def say_password_changed(session: Session, user: User) -> None:
    """The password is new; if the person did not do it, they must hear of it."""
    queue_letter(
        session,
        "password_changed",
        user.email,
        {"name": user.name},
        dedupe_key=f"password_changed:{uuid7()}",
        user_id=user.id,
    )


def say_email_changed(session: Session, user: User, *, old: str) -> None:
    """To the old address: the cabinet now belongs to another one."""
    queue_letter(
        session,
        "email_changed_old",
        old,
        {"name": user.name, "new_email": user.email},
        dedupe_key=f"email_changed_old:{uuid7()}",
        user_id=user.id,
    )
