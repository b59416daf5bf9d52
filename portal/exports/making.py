"""A worker makes a file: one snapshot of the payments, written some at a time, with its progress told as it goes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import UUID

from sqlalchemy import func, select, text, update

from kernel import log
from kernel.broker import Job
from kernel.db import begin, read
from kernel.fault import fault
from payments.charging.models import SUCCEEDED
from portal.exports.asking import EXPORT_JOB
from portal.exports.models import FAILED, MAKING, QUEUED, READY, Export
from portal.exports.sheets import SHEETS
from portal.web.kit.filters import datetime_text
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import known_language, use_language
from portal.web.staff.payment_tabs import conditions_of
from portal.web.staff.payments_filter import read_filter
from portal.web.staff.queries.payments import stream_payments

# Renewed with each part of the rows, so longer than any part may take.
_LEASE = "60 seconds"
_log = log.get(__name__)


def make_exports(ids: list[str]) -> None:
    """Make those of these files that nobody is making; any other is left as it is."""
    for export_id in map(UUID, ids):
        export = _claim(export_id)
        if export is None:
            continue
        fault("exports.after_claim")
        try:
            with tempfile.TemporaryDirectory(prefix="kabinet-export-") as folder:
                _make(export, Path(folder) / f"payments.{export.format}")
        except Exception:  # noqa: BLE001  one bad file must not stop the others; it is told as failed
            _log.exception("export.broke", export_id=str(export_id))
            _set(export, status=FAILED, lease_until=None)


EXPORT = Job(EXPORT_JOB, make_exports, queue="export")


def _claim(export_id: UUID) -> Export | None:
    with begin() as session:
        return session.scalars(
            update(Export)
            .where(Export.id == export_id, Export.status == QUEUED)
            .values(status=MAKING, tries=Export.tries + 1, rows=0, lease_until=_leased())
            .returning(Export)
        ).first()


def _make(export: Export, path: Path) -> None:
    payments = paid_kopecks = 0
    with use_language(known_language(export.language)), read() as session:
        now = session.execute(select(func.business_now())).scalar_one()
        asked = read_filter(dict(parse_qsl(export.query)))
        told = [*conditions_of(session, asked), (_("Файл сделан"), datetime_text(now))]
        sheet = SHEETS[export.format](path, told)
        for rows in stream_payments(session, asked.wanted, now=now):
            sheet.add(rows)
            payments += len(rows)
            paid_kopecks += sum(row.kopecks for row in rows if row.status == SUCCEEDED)
            if not _set(export, rows=payments, lease_until=_leased()):
                return  # taken for lost meanwhile, and somebody else makes it
        sheet.close(payments=payments, paid_kopecks=paid_kopecks)
    content = path.read_bytes()
    _set(export, status=READY, content=content, size=len(content), total=payments, lease_until=None)
    _log.info("export.made", export_id=str(export.id), rows=payments, size=len(content))


def _set(export: Export, **values: object) -> bool:
    with begin() as session:
        mine = (Export.id == export.id, Export.status == MAKING, Export.tries == export.tries)
        return bool(session.execute(update(Export).where(*mine).values(**values).returning(Export.id)).first())


def _leased() -> object:
    return func.clock_timestamp() + text(f"interval '{_LEASE}'")
