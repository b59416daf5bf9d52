"""SavedView: a filter under a name."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base
from kernel.ids import uuid7


class SavedView(Base):
    """One employee's own filter of payments. `query` is the filter as it stands in the list's address."""

    __tablename__ = "saved_views"
    __table_args__ = (Index("uq_saved_views_user_name", "user_id", text("lower(name)"), unique=True),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
