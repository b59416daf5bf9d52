"""What must hold before a process starts, and what `/readyz` says."""

from __future__ import annotations

from sqlalchemy import func, select, text

from kernel import log
from kernel.clock import VirtualClock, business_now
from kernel.db import ReadSession, begin, engine, read
from kernel.errors import ConfigurationError
from kernel.settings import get_settings
from payments.installation.copies import pause_in_a_copy
from payments.installation.models import Installation
from payments.stops.keeping import pause_if_gone_back
from payments.stops.memory import MemoryAway
from portal.revisions import is_migrated

_log = log.get(__name__)
_BEAT_LIFE = text("interval '10 seconds'")
_OLDEST_POSTGRESQL = 150000


def check_start() -> None:
    """Refuse to start on a database that this code must not touch, and pause charging in one that is a copy.

    Raises:
        ConfigurationError: PostgreSQL is too old, not migrated, of another business zone, or shifted in live mode.
    """
    settings = get_settings()
    with engine().connect() as connection:
        if int(connection.execute(text("SHOW server_version_num")).scalar_one()) < _OLDEST_POSTGRESQL:
            raise ConfigurationError(["KABINET_DATABASE_URL: нужен PostgreSQL 15 или новее"])
        if not is_migrated(connection):
            raise ConfigurationError(["база данных не приведена к этой версии: выполните `kabinet migrate`"])
    with read() as session:
        made_for = session.execute(select(Installation.business_tz, Installation.mode)).first()
        if made_for and made_for.business_tz != settings.business_tz:
            raise ConfigurationError([f"KABINET_BUSINESS_TZ: даты этой базы — в {made_for.business_tz}"])
        if made_for and made_for.mode != settings.mode:
            raise ConfigurationError([f"KABINET_MODE: эта база создана для {made_for.mode}"])
        shift = session.execute(select(VirtualClock.shift)).scalar_one_or_none()
    if settings.mode == "live" and shift:
        raise ConfigurationError(["часы этой базы переводили в демо или тестах: режим live её не принимает"])
    with begin() as session:
        pause_in_a_copy(session, now=business_now(session))
    try:
        pause_if_gone_back()
    except MemoryAway:
        _log.warning("start.redis_away")  # pages work without it; scheduler and worker ask again before they charge


def unready(session: ReadSession) -> list[str]:
    """What is still missing before the product can serve; empty when it is ready."""
    settings = get_settings()
    if not is_migrated(session.connection()):
        return ["migrations"]
    row = session.execute(
        select(
            Installation.seeded_at,
            (Installation.scheduler_beat_at > func.clock_timestamp() - _BEAT_LIFE).label("scheduler"),
            (Installation.relay_beat_at > func.clock_timestamp() - _BEAT_LIFE).label("relay"),
        )
    ).first()
    missing = [part for part in ("scheduler", "relay") if row is None or not getattr(row, part)]
    if settings.mode == "demo" and (row is None or row.seeded_at is None):
        missing.append("seed")
    return missing
