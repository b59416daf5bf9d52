"""`kabinet admin`: whoever has the server can let an owner back in, and the log keeps it."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from kernel.clock import real_now
from kernel.db import begin, read
from kernel.errors import Refused
from portal.accounts.models import User, UserSession
from portal.accounts.second_factor.enrolling import enrol, make_offer
from portal.accounts.second_factor.models import Authenticator
from portal.accounts.sessions import STAFF
from portal.audit.models import AuditEntry
from portal.staff_commands import invite, reset
from tests.support.business import open_company

pytestmark = pytest.mark.committed


@pytest.fixture
def company(committed: str) -> None:
    with begin() as session:
        open_company(session)


def test_a_lost_owner_comes_back(company: None) -> None:
    invite("boss@example.com", "Олег", "owner")
    now = real_now()
    with begin() as session:
        user_id = session.scalars(select(User.id)).one()
        row = UserSession(token_hash=b"-", user_id=user_id, audience=STAFF, expires_at=now + timedelta(hours=1))
        session.add(row)
        session.flush()
        offer = make_offer(user_id)
        enrol(session, user_id, row.id, sealed=offer.sealed, code=pyotp.TOTP(offer.secret).at(now), now=now)

    assert "сброшен" in reset(" BOSS@example.com ")
    assert "и так нет" in reset("boss@example.com")
    assert invite("boss@example.com", "Олег", "owner").startswith("http://localhost:8000/password/reset/")

    with read() as session:
        assert session.scalars(select(Authenticator)).all() == []
        assert session.scalars(select(UserSession).where(UserSession.ended_at.is_(None))).all() == []
        entries = session.execute(select(AuditEntry.act, AuditEntry.user_id).order_by(AuditEntry.id)).all()
    assert [tuple(entry) for entry in entries] == [
        ("user.invited", None),
        ("user.authenticator_reset", None),
        ("user.invited", None),
    ]


@pytest.mark.parametrize(("email", "role"), [("не адрес", "owner"), ("boss@example.com", "god")])
def test_what_makes_no_sense_is_refused_and_not_recorded(company: None, email: str, role: str) -> None:
    with pytest.raises(Refused):
        invite(email, "Олег", role)
    with pytest.raises(Refused):
        reset("nobody@example.com")
    with read() as session:
        assert session.scalars(select(AuditEntry.id)).all() == []
