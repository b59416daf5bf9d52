"""What every page shows about the company and the charger, kept in memory for a moment so that no page asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from kernel.clock import by_business_clock, real_now
from kernel.db import read
from payments.installation.models import Installation, LegalEntity
from portal.duties.models import WorkerBeat
from portal.web.kit.filters import time_text
from portal.web.kit.frame import Beat, Brand, Link
from portal.web.kit.i18n import gettext as _
from portal.web.kit.remembered import Remembered
from portal.web.staff.queries.checks import count_broken
from portal.web.staff.queries.failed import count_failed_charges
from portal.web.staff.queries.proof import count_differences

_BRAND_LIFE_S = 10.0
_BEAT_LIFE_S = 2.0
_COUNTS_LIFE_S = 5.0
_BEAT_IS_OLD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Company:
    brand: str
    legal_name: str
    inn: str
    phone: str
    email: str


def _read_company() -> _Company:
    with read() as session:
        row = session.execute(
            select(Installation.brand, LegalEntity.name, LegalEntity.inn, LegalEntity.phone, LegalEntity.email)
            .outerjoin(LegalEntity, LegalEntity.id.is_not(None))
            .order_by(LegalEntity.created_at)
            .limit(1)
        ).first()
    if row is None:
        return _Company("Кабинет", "", "", "", "")
    return _Company(row.brand, row.name or "", row.inn or "", row.phone or "", row.email or "")


@dataclass(frozen=True, slots=True)
class _Charging:
    scheduler_beat_at: datetime | None
    worker_beat_at: datetime | None
    paused: bool


def _read_charging() -> _Charging:
    worked_at = select(func.max(WorkerBeat.beat_at)).scalar_subquery()
    with read() as session:
        row = session.execute(select(Installation.scheduler_beat_at, worked_at, Installation.charging_paused)).first()
    return _Charging(*row) if row else _Charging(None, None, paused=False)


def _read_counts() -> dict[str, int]:
    with read() as session:
        return {
            "failed-charges": count_failed_charges(session),
            "proof": count_differences(session)[0] + count_broken(session),
        }


_company = Remembered(_read_company, _BRAND_LIFE_S)
_charging = Remembered(_read_charging, _BEAT_LIFE_S)
_counts = Remembered(_read_counts, _COUNTS_LIFE_S)


def brand() -> Brand:
    """The company in the reader's language."""
    company = _company()
    links = (
        Link(_("Условия"), "/documents/offer"),
        Link(_("Персональные данные"), "/documents/personal-data"),
    )
    return Brand(company.brand, company.legal_name, company.inn, company.phone, company.email, links)


def counts() -> dict[str, int]:
    """How much waits for an employee, by the key of its section."""
    return _counts()


def beat() -> Beat | None:
    """Whether charges are being made: scheduler and workers both beat, and the older of the two is shown.

    It is compared in real time and shown in the time that all pages show.
    """
    charging = _charging()
    if charging.scheduler_beat_at is None or charging.worker_beat_at is None:
        return Beat(_("Списания не запускались"), alive=False)
    beat_at = min(charging.scheduler_beat_at, charging.worker_beat_at)
    at = time_text(by_business_clock(beat_at))
    if real_now() - beat_at > _BEAT_IS_OLD:
        return Beat(_("Списания стоят с {at}").format(at=at), alive=False)
    if charging.paused:
        return Beat(_("Списания приостановлены"), alive=True, paused=True)
    return Beat(_("Списания идут, {at}").format(at=at), alive=True)


def forget_counts() -> None:
    """Let the next page count anew what waits for an employee."""
    _counts.forget()


def forget_beat() -> None:
    """Let the next page say what has just become of charging."""
    _charging.forget()
