"""The installation row that every permit reads, and what belongs to the company rather than to a customer."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger, exists
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base
from payments.columns import At, CreatedAt, Key, Kopecks, LegalEntityId, Str


class Installation(Base):
    """One row. `mode` is what the database was made for: demo rows never meet live keys.

    `charging_paused` stops every send at once; more than the daily limits (None: no limit) leave on no business day;
    `fingerprint` is where this database lay when it last ran: a restored copy finds itself elsewhere, at `unproven_since`,
    and charges again only when reconciled after that and `recalled_at`: when the stops were brought back that it does not
    know, up to `recalled_until`. `stops_memory` is the name of the memory of stops in Redis that was whole, and `vouched` how often
    this database has said so: one that has done so less often than Redis knows was put back. A consent from before
    `unconfirmed_before` charges only when its customer has confirmed it. `examine_at`: when the doctor comes next;
    `charger_alarm_at`: since when staff have known that charges are not being made.
    """

    __tablename__ = "installation"
    __table_args__ = (
        CheckConstraint("one = 1", name="single_row"),
        CheckConstraint("daily_limit_charges > 0 AND daily_limit_kopecks > 0", name="daily_limits"),
    )
    one: Mapped[int] = mapped_column(SmallInteger, primary_key=True, default=1)
    id: Mapped[Str]
    mode: Mapped[Str]
    brand: Mapped[Str]
    business_tz: Mapped[Str]
    notice_hours: Mapped[int] = mapped_column(default=72)
    charging_paused: Mapped[bool] = mapped_column(default=False)
    pause_reason: Mapped[Str | None]
    daily_limit_charges: Mapped[int | None]
    daily_limit_kopecks: Mapped[int | None] = mapped_column(BigInteger)
    fingerprint: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    unproven_since: Mapped[At | None]
    stops_memory: Mapped[Str | None]
    vouched: Mapped[int] = mapped_column(BigInteger, default=0)
    recalled_at: Mapped[At | None]
    recalled_until: Mapped[At | None]
    unconfirmed_before: Mapped[At | None]
    seeded_at: Mapped[At | None]
    scheduler_beat_at: Mapped[At | None]
    relay_beat_at: Mapped[At | None]
    charger_ran_at: Mapped[At | None]
    charger_alarm_at: Mapped[At | None]
    examine_at: Mapped[CreatedAt]
    created_at: Mapped[CreatedAt]

    @property
    def is_unrecalled(self) -> bool:
        """Whether this database came from a backup and may not know what was stopped after it."""
        since = self.unproven_since
        return since is not None and (self.recalled_at is None or self.recalled_at < since)


class LegalEntity(Base):
    """A company of the owner in whose name contracts are made and invoices numbered."""

    __tablename__ = "legal_entities"
    id: Mapped[Key]
    name: Mapped[Str]
    inn: Mapped[Str] = mapped_column(unique=True)
    kpp: Mapped[Str | None]
    address: Mapped[Str | None]
    phone: Mapped[Str | None]
    email: Mapped[Str | None]
    created_at: Mapped[CreatedAt]


class Shop(Base):
    """A shop at the gateway. A saved method belongs to the shop that saved it and is never sent to another.

    `reconcile_at`: when its lists are read next.
    """

    __tablename__ = "shops"
    id: Mapped[Key]
    legal_entity_id: Mapped[LegalEntityId]
    account_id: Mapped[Str] = mapped_column(unique=True)
    test: Mapped[bool]
    reconcile_at: Mapped[CreatedAt] = mapped_column(index=True)
    created_at: Mapped[CreatedAt]


# That this database is no unproven copy: one that came from a backup tells the world nothing that may be over by now.
PROVEN = ~exists().where(Installation.unproven_since.is_not(None))


class Counter(Base):
    """The last number given out for one kind of document of one legal entity in one business year."""

    __tablename__ = "counters"
    legal_entity_id: Mapped[LegalEntityId] = mapped_column(primary_key=True)
    kind: Mapped[Str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, default=0)


class DailyTally(Base):
    """How many charges of saved methods were permitted on a business date, and how much.

    It is counted since the day began, or since a person let charges go on after a limit was reached.
    """

    __tablename__ = "daily_tallies"
    charged_on: Mapped[date] = mapped_column(primary_key=True)
    charges: Mapped[int]
    kopecks: Mapped[Kopecks]
