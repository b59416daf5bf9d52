"""Server-side sessions. The cookie holds 256 random bits, the database their SHA-256. All instants are real time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from portal.accounts.models import Membership, User, UserSession
from portal.accounts.tokens import digest
from portal.accounts.visitor import Visitor

Audience = Literal["customer", "staff", "staff_code"]
CUSTOMER: Audience = "customer"
STAFF: Audience = "staff"
# An employee who gave the password and not yet the code: this session opens the page of the code and nothing else.
STAFF_CODE: Audience = "staff_code"
_LONGEST_USER_AGENT = 400


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts without a request, and at all."""

    idle: timedelta
    absolute: timedelta


LIMITS: dict[Audience, Limits] = {
    CUSTOMER: Limits(idle=timedelta(hours=24), absolute=timedelta(days=30)),
    STAFF: Limits(idle=timedelta(minutes=30), absolute=timedelta(hours=12)),
    STAFF_CODE: Limits(idle=timedelta(minutes=10), absolute=timedelta(minutes=10)),
}
# A write for each request would be dear; a minute is exact enough for a list of devices.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is, and for which customers they act, the oldest first.

    `second_factor` says whether an employee gave a code in this session; `since` is when it began.
    """

    session_id: UUID
    user_id: UUID
    name: str
    email: str
    phone: str | None
    staff_role: str | None
    confirmed: bool
    customer_ids: tuple[UUID, ...]
    since: datetime
    second_factor: bool


@dataclass(frozen=True, slots=True)
class Device:
    """A live session, as its owner may see it."""

    id: UUID
    ip: str | None
    user_agent: str | None
    created_at: datetime
    last_seen_at: datetime


def start_session(
    session: Session,
    user_id: UUID,
    audience: Audience,
    visitor: Visitor,
    *,
    now: datetime,
    second_factor: bool = False,
) -> str:
    """A new session; returns what the cookie holds. Nothing that the browser sent before is reused."""
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            token_hash=digest(token),
            user_id=user_id,
            audience=audience,
            ip=visitor.ip,
            user_agent=(visitor.user_agent or "")[:_LONGEST_USER_AGENT] or None,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LIMITS[audience].absolute,
            second_factor_at=now if second_factor else None,
        )
    )
    session.flush()
    return token


def find_session(session: Session, token: str, audience: Audience, *, now: datetime) -> SignedIn | None:
    """Whose session the cookie is, if it lives; notes that it was seen."""
    wanted = {"token_hash": digest(token), "audience": audience, "now": now, "seen_after": now - LIMITS[audience].idle}
    row = session.execute(_SIGNED_IN, wanted).first()
    if row is None or (audience != CUSTOMER and row.staff_role is None):
        return None
    if row.last_seen_at < now - SEEN_EVERY:
        session.execute(update(UserSession).where(UserSession.id == row.session_id).values(last_seen_at=now))
    return SignedIn(
        session_id=row.session_id,
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        staff_role=row.staff_role,
        confirmed=row.email_confirmed_at is not None,
        customer_ids=tuple(row.customers or ()),
        since=row.created_at,
        second_factor=row.second_factor_at is not None,
    )


def list_devices(
    session: Session | ReadSession, user_id: UUID, audience: Audience, *, now: datetime
) -> tuple[Device, ...]:
    """The user's live sessions, the last seen first."""
    rows = session.scalars(
        select(UserSession)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.user_id == user_id, _lives(audience, now, now - LIMITS[audience].idle))
        .order_by(UserSession.last_seen_at.desc(), UserSession.id)
    )
    return tuple(Device(row.id, row.ip, row.user_agent, row.created_at, row.last_seen_at) for row in rows)


def end_session(session: Session, session_id: UUID, user_id: UUID, *, now: datetime) -> None:
    """End one session of this user.

    Raises:
        NotFound: no such live session, or somebody else's.
    """
    ended = session.execute(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.user_id == user_id, UserSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(UserSession.id)
    ).first()
    if ended is None:
        raise NotFound


def end_by_cookie(session: Session, token: str, *, now: datetime) -> None:
    """End the session of a cookie, whoever it is; an unknown one is no error."""
    session.execute(
        update(UserSession)
        .where(UserSession.token_hash == digest(token), UserSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_sessions(session: Session, user_id: UUID, *, now: datetime, keep: UUID | None = None) -> None:
    """End every session of the user, customer and staff alike, but the one to keep."""
    live = update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    if keep is not None:
        live = live.where(UserSession.id != keep)
    session.execute(live.values(ended_at=now))


def _lives(audience: object, now: object, seen_after: object) -> ColumnElement[bool]:
    return and_(
        UserSession.audience == audience,
        UserSession.ended_at.is_(None),
        UserSession.expires_at > now,
        UserSession.last_seen_at > seen_after,
        User.disabled_at.is_(None),
    )


# Asked by every request of a person: built once.
_SIGNED_IN = (
    select(
        UserSession.id.label("session_id"),
        UserSession.created_at,
        UserSession.last_seen_at,
        UserSession.second_factor_at,
        User.id.label("user_id"),
        User.name,
        User.email,
        User.phone,
        User.staff_role,
        User.email_confirmed_at,
        select(
            func.array_agg(aggregate_order_by(Membership.customer_id, Membership.created_at, Membership.customer_id))
        )
        .where(Membership.user_id == User.id)
        .scalar_subquery()
        .label("customers"),
    )
    .join(User, User.id == UserSession.user_id)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        _lives(bindparam("audience"), bindparam("now"), bindparam("seen_after")),
    )
)
