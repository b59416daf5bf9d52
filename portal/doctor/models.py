"""CheckResult: what each check of the doctor found when it was last asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base


class CheckResult(Base):
    """The last answer to a check: one row for each. `broken_since` is the examination that first found it not sound.

    `breaches` are the first of `count`, each with `object`, `id` and `figures`. Instants are real time.
    """

    __tablename__ = "check_results"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int]
    breaches: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    error: Mapped[str | None] = mapped_column(Text)
    millis: Mapped[int]
    examined_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    broken_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
