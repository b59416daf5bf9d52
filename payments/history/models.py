"""StatusHistory: one row per change of status, never overwritten."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from kernel.db import Base
from payments.columns import CreatedAt, Serial, Str


class StatusHistory(Base):
    """Who changed the status of what, when, and on whose word."""

    __tablename__ = "status_history"
    __table_args__ = (Index("ix_status_history_object", "object_kind", "object_id"),)
    id: Mapped[Serial]
    object_kind: Mapped[Str]
    object_id: Mapped[UUID]
    old: Mapped[Str | None]
    new: Mapped[Str]
    source: Mapped[Str]
    at: Mapped[CreatedAt]
