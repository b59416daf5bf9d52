"""How far the proof is that somebody asked for. Instants are real time, as the audit's and the doctor's are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from kernel.db import ReadSession, Session
from payments.reconciliation.models import RUNNING, Reconciliation
from portal.audit.models import AuditEntry
from portal.doctor.models import CheckResult


@dataclass(frozen=True, slots=True)
class Reading:
    """One that goes on. `since_at` is business time: from when on the lists are read."""

    begun_at: datetime
    since_at: datetime


@dataclass(frozen=True, slots=True)
class Proving:
    """When the proof was asked for last, when the last reading and the last examination began, and what is read now."""

    asked_at: datetime | None
    read_at: datetime | None
    examined_at: datetime | None
    reading: Reading | None


def read_proving(session: ReadSession | Session) -> Proving:
    """How far it is at this moment."""
    asked = select(AuditEntry.at).where(AuditEntry.act == "proof.asked").order_by(AuditEntry.id.desc()).limit(1)
    # Whose lease is over is dead, and ended by the next.
    running = select(Reconciliation.begun_at, Reconciliation.since_at).where(
        Reconciliation.status == RUNNING, Reconciliation.lease_until > func.clock_timestamp()
    )
    reading = session.execute(running.limit(1)).one_or_none()
    return Proving(
        session.execute(asked).scalar_one_or_none(),
        session.execute(select(func.max(Reconciliation.begun_at)).where(Reconciliation.status != RUNNING)).scalar_one(),
        session.execute(select(func.max(CheckResult.examined_at))).scalar_one(),
        Reading(*reading) if reading else None,
    )
