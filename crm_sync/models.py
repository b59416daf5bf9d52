"""CrmLink, SyncJob, TimelineEntry, CrmConnection: what stands in the CRM, what does not yet, and whether it can be reached."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    and_,
    case,
    exists,
    false,
    func,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, aliased, mapped_column

from kernel.clock import Wait
from kernel.db import Base
from kernel.ids import uuid7
from payments.installation.models import PROVEN

KIND_CHECK = "kind IN ('contact', 'company', 'requisite', 'deal', 'invoice', 'payment', 'comment', 'log')"
# A job in these states takes its customer's turn; one that is parked, or blocked by a parked one, lets others pass.
TO_DO = ("waiting", "uncertain")
# Why a job is parked, when the object that was to be changed is not in the CRM any more.
GONE = "gone"
_TO_DO_SQL = text("status IN ('waiting', 'uncertain')")


class CrmLink(Base):
    """Which object of the CRM is which of ours, and the fields as we last wrote them there.

    `stale_at`: when what stands there stops being true by the passing of time alone (a debt becomes overdue).
    `named_there`: the CRM's people named it before it became ours, and their name stays.
    """

    __tablename__ = "crm_links"
    __table_args__ = (
        UniqueConstraint("kind", "local_id"),
        UniqueConstraint("kind", "remote_id"),
        CheckConstraint(KIND_CHECK, name="kind"),
        Index("ix_crm_links_stale_at", "stale_at", postgresql_where=text("stale_at IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    local_id: Mapped[UUID]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    remote_id: Mapped[int] = mapped_column(BigInteger)
    written: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    named_there: Mapped[bool] = mapped_column(Boolean, default=False)
    stale_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())


class SyncJob(Base):
    """An object that the CRM does not yet show as it is. One row an object: a further change raises `version`.

    Status: waiting; uncertain (its creation left and nobody knows whether it arrived: looked for before it is repeated);
    blocked (what it hangs on is parked); parked (the CRM refuses it: staff decide). The jobs of one customer are done one
    after another, by `rank` and age. `lease_until` is real time.
    """

    __tablename__ = "sync_jobs"
    __table_args__ = (
        UniqueConstraint("kind", "local_id"),
        CheckConstraint(KIND_CHECK, name="kind"),
        CheckConstraint("status IN ('waiting', 'uncertain', 'blocked', 'parked')", name="status"),
        Index("ix_sync_jobs_to_do", "customer_id", "rank", "id", postgresql_where=_TO_DO_SQL),
        Index("ix_sync_jobs_refused", "id", postgresql_where=text("status IN ('parked', 'blocked')")),
        Index("ix_sync_jobs_due", "next_try_at", postgresql_where=_TO_DO_SQL),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    local_id: Mapped[UUID]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    rank: Mapped[int] = mapped_column(SmallInteger)
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    status: Mapped[str] = mapped_column(Text, default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    looks: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failure: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())


class TimelineEntry(Base):
    """A line for the timeline of a contract's deal. `key` makes it one per occasion.

    Kind: comment, which a manager is meant to see; log, which stands there in grey.
    """

    __tablename__ = "timeline_entries"
    __table_args__ = (UniqueConstraint("key"), CheckConstraint("kind IN ('comment', 'log')", name="kind"))
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    key: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())


class CrmConnection(Base):
    """One row: whether the CRM can be reached. Status: ok, away (it does not answer), refused (it does not let us in).

    While it is not ok, one customer's work is tried at `probe_at`; the rest waits and nothing is counted against it.
    """

    __tablename__ = "crm_connection"
    __table_args__ = (
        CheckConstraint("one", name="single_row"),
        CheckConstraint("status IN ('ok', 'away', 'refused')", name="status"),
    )
    one: Mapped[bool] = mapped_column(Boolean, primary_key=True, default=True)
    status: Mapped[str] = mapped_column(Text, default="ok")
    failures: Mapped[int] = mapped_column(default=0)
    since_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.business_now())
    probe_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reached_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    hinted_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)


class HeldKind(Base):
    """A kind of object that the CRM does not serve until `until_at`: a method that it needs is blocked."""

    __tablename__ = "crm_held_kinds"
    __table_args__ = (CheckConstraint(KIND_CHECK, name="kind"),)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    until_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


_before = aliased(SyncJob)
# Only a customer's first job is waited for; CASE keeps PostgreSQL from joining the whole queue with itself for that.
_FIRST = case(
    (
        exists().where(
            _before.customer_id == SyncJob.customer_id,
            _before.status.in_(TO_DO),
            tuple_(_before.rank, _before.id) < tuple_(SyncJob.rank, SyncJob.id),
        ),
        false(),
    ),
    else_=true(),
)
_SERVED = ~exists().where(HeldKind.kind == SyncJob.kind, HeldKind.until_at > func.business_now())
_OPEN = ~exists().where(CrmConnection.status != "ok")
TO_PUSH = Wait(
    "sync_jobs.next_try_at",
    SyncJob.next_try_at,
    and_(SyncJob.status.in_(TO_DO), _FIRST, _SERVED, _OPEN, PROVEN),
)
TO_SERVE = Wait("crm_held_kinds.until_at", HeldKind.until_at, HeldKind.until_at > func.business_now())
TO_PROBE = Wait(
    "crm_connection.probe_at",
    CrmConnection.probe_at,
    and_(CrmConnection.status != "ok", exists().where(SyncJob.status.in_(TO_DO)), PROVEN),
)
STALE = Wait("crm_links.stale_at", CrmLink.stale_at, CrmLink.stale_at.is_not(None))
