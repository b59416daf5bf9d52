"""What every page shows about the company and the charger, kept in memory for a moment so that no page asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from kernel.clock import real_now
from kernel.db import read
from payments.installation.models import Installation, LegalEntity
from portal.web.kit.filters import time_text
from portal.web.kit.frame import Beat, Brand, Link
from portal.web.kit.i18n import gettext as _
from portal.web.kit.remembered import Remembered
from portal.web.staff.queries.failed import count_failed_charges

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


def _read_beat() -> datetime | None:
    with read() as session:
        return session.execute(select(Installation.scheduler_beat_at)).scalar_one_or_none()


def _read_counts() -> dict[str, int]:
    with read() as session:
        return {"failed-charges": count_failed_charges(session)}


_company = Remembered(_read_company, _BRAND_LIFE_S)
_beat_at = Remembered(_read_beat, _BEAT_LIFE_S)
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
    """Whether the scheduler has been heard of lately. The beat is real time, so it is compared with real time."""
    at = _beat_at()
    if at is None:
        return Beat(_("Списания не запускались"), alive=False)
    alive = real_now() - at < _BEAT_IS_OLD
    return Beat((_("Списания идут, {at}") if alive else _("Списания стоят с {at}")).format(at=time_text(at)), alive)
