"""Links sent by mail: 256 random bits, kept as SHA-256, used once. All instants are real time."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from kernel.db import ReadSession, Session
from portal.accounts.errors import LinkGone
from portal.accounts.models import OneTimeToken, User

CONFIRM_EMAIL = "confirm_email"
CHANGE_EMAIL = "change_email"
RESET_PASSWORD = "reset_password"  # noqa: S105  a purpose, not a password
LIFETIMES = {
    CONFIRM_EMAIL: timedelta(hours=24),
    CHANGE_EMAIL: timedelta(hours=24),
    RESET_PASSWORD: timedelta(minutes=30),
}


@dataclass(frozen=True, slots=True)
class Link:
    """What a link would do: shown before the button is pressed. `live` is False once it is used or too old."""

    user: User
    purpose: str
    email: str
    live: bool


def digest(token: str) -> bytes:
    """What the database keeps of a secret: enough to recognise it, nothing to use."""
    return hashlib.sha256(token.encode()).digest()


def issue_token(
    session: Session, user: User, purpose: str, *, email: str, now: datetime, lifetime: timedelta | None = None
) -> str:
    """A new secret for a link; earlier ones stay good, so that the first of two letters works too."""
    token = secrets.token_urlsafe(32)
    expires_at = now + (lifetime or LIFETIMES[purpose])
    session.add(
        OneTimeToken(token_hash=digest(token), user_id=user.id, purpose=purpose, email=email, expires_at=expires_at)
    )
    session.flush()
    return token


def look_at(session: Session | ReadSession, token: str, *purposes: str, now: datetime) -> Link:
    """What the link is for, without using it up.

    Raises:
        LinkGone: there never was such a link for these purposes.
    """
    row = session.execute(
        select(OneTimeToken, User)
        .join(User, User.id == OneTimeToken.user_id)
        .where(OneTimeToken.token_hash == digest(token), OneTimeToken.purpose.in_(purposes))
    ).first()
    if row is None:
        raise LinkGone
    found, user = row
    live = found.used_at is None and found.expires_at > now and user.disabled_at is None
    return Link(user, found.purpose, found.email, live)


def use_token(session: Session, token: str, purpose: str, *, now: datetime) -> Link:
    """Use the link up, in one statement, so that of two presses one wins; its user is locked.

    Raises:
        LinkGone: it is used, too old, not for this purpose, or its user is disabled.
    """
    row = session.execute(
        update(OneTimeToken)
        .where(
            OneTimeToken.token_hash == digest(token),
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeToken.user_id, OneTimeToken.email)
    ).first()
    user = session.get(User, row.user_id, with_for_update=True) if row else None
    if row is None or user is None or user.disabled_at is not None:
        raise LinkGone
    return Link(user, purpose, row.email, live=False)


def revoke_tokens(session: Session, user_id: UUID, *purposes: str, now: datetime) -> None:
    """Make every unused link of the user worthless, or those of some purposes."""
    unused = update(OneTimeToken).where(OneTimeToken.user_id == user_id, OneTimeToken.used_at.is_(None))
    if purposes:
        unused = unused.where(OneTimeToken.purpose.in_(purposes))
    session.execute(unused.values(used_at=now))


def pending_address(session: Session | ReadSession, user_id: UUID, *, now: datetime) -> str | None:
    """The new address that waits for its owner to press the button of our letter, if any."""
    return session.scalar(
        select(OneTimeToken.email)
        .where(
            OneTimeToken.user_id == user_id,
            OneTimeToken.purpose == CHANGE_EMAIL,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
        )
        .order_by(OneTimeToken.created_at.desc())
        .limit(1)
    )
