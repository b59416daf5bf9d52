"""DutyRun and WorkerBeat: when each duty last ran, and which workers are alive."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base


class DutyRun(Base):
    """The last run of a duty of the scheduler: how much it found to do, and the error of the last one that broke.

    A duty runs only when rows of its waits are due. Instants are real time.
    """

    __tablename__ = "duty_runs"
    duty: Mapped[str] = mapped_column(Text, primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    found: Mapped[int]
    broke_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)


class WorkerBeat(Base):
    """A worker process and when it last said that it is alive, in real time."""

    __tablename__ = "worker_beats"
    worker: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    beat_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
