"""A restored or copied database must not charge beside its original: it recognises that it is not where it was.

A snapshot that is put back in its place, or a clone that was not promoted, says the same of itself as before: Redis and
the gateway know it better (docs/adr/0017, 0032).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text

from kernel.db import Session
from payments.installation.models import Installation
from payments.installation.pausing import pause_until_reconciled

REASON = (
    "База восстановлена из копии или скопирована. Убедитесь, что прежняя установка больше не работает, сверьте "
    "платежи на странице «Сверка», потом возобновите списания"
)
# A dump that is restored lies in another cluster or under another oid; a physical copy that was promoted, or a
# cluster taken back to an earlier moment, goes on in another timeline, the first eight digits of its log's name.
_WHERE_WE_ARE = text(
    """
    SELECT jsonb_build_object(
        'cluster', (SELECT system_identifier::text FROM pg_control_system()),
        'timeline', left(pg_walfile_name(pg_current_wal_lsn()), 8),
        'database', (SELECT oid::text FROM pg_database WHERE datname = current_database())
    )
    """
)


def pause_in_a_copy(session: Session, *, now: datetime) -> bool:
    """Remember where this database lies; when it lies elsewhere than before, pause charging. Says whether it paused.

    The new place is remembered with the pause, so that charging, once reconciled and resumed by a person, stays resumed.
    """
    installation = session.scalars(select(Installation).with_for_update()).one_or_none()
    if installation is None:
        return False
    here = session.execute(_WHERE_WE_ARE).scalar_one()
    before, installation.fingerprint = installation.fingerprint, here
    if before in (None, here):
        return False
    pause_until_reconciled(session, REASON, now=now)
    return True
