"""Files of payments: asked for from the list, made by a worker, fetched from here for a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date
from kernel.db import ReadSession, Session
from kernel.errors import Refused
from portal.audit.recording import record_act
from portal.exports.asking import FORMATS, MOST_ROWS, ask_for_export, exports_of, file_of
from portal.exports.models import FAILED, READY, Export
from portal.web.kit.filters import number
from portal.web.kit.forms import Posted
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import language
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.payment_tabs import conditions_of
from portal.web.staff.payments_filter import LIST as PAYMENTS
from portal.web.staff.payments_filter import read_filter
from portal.web.staff.queries.payments import count_up_to
from portal.web.staff.roles import PaymentExporter

router = Router()
LIST = "/staff/exports"
_TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class File:
    """A file as its owner sees it: what is in it, how far it is, and where its payments are listed."""

    export: Export
    conditions: Sequence[tuple[str, str]]

    @property
    def url(self) -> str:
        """The list with the same filter."""
        return f"{PAYMENTS}?{self.export.query}" if self.export.query else PAYMENTS


@router.get(LIST, name="staff.exports.list")
def list_own(request: Request, staff: PaymentExporter, db: ReadDb) -> Response:
    """The employee's own files; while one is being made, the page asks again by itself."""
    files = [_told(db, export) for export in exports_of(db, staff.user_id)]
    context = {
        "files": files,
        "working": any(it.export.status not in (READY, FAILED) for it in files),
        "ready": READY,
        "failed": FAILED,
    }
    return render(request, "pages/staff/exports.html", context, fragment="files")


@router.post(LIST, name="staff.exports.create")
def create(request: Request, posted: Posted, staff: PaymentExporter, db: Db) -> Response:
    """Have a file made of what the list shows. Pressed twice, it is one file as long as it is being made.

    Raises:
        Refused: an unknown format, a filter that makes no sense, nothing in it, or more than a file holds.
    """
    format_ = next((known for known in FORMATS if known == posted.get("format")), None)
    asked = read_filter(dict(parse_qsl(str(posted.get("query", "")))))
    if format_ is None or not asked.good:
        raise Refused(_("Вернитесь к списку платежей и нажмите кнопку ещё раз"))
    now = clock.business_now(db)
    total = count_up_to(db, asked.wanted, MOST_ROWS + 1, now=now)
    if not total:
        raise Refused(_("В этом отборе нет платежей: выгружать нечего"))
    if total > MOST_ROWS:
        most = {"most": number(MOST_ROWS)}
        raise Refused(_("В файл войдёт не больше %(most)s платежей. Сузьте отбор, например по месяцам") % most)
    if _is_being_made(db, staff.user_id, format_, asked.query):
        return go_to(request, LIST, say=_("Этот файл уже готовится"))
    export = ask_for_export(
        db, staff.user_id, format_=format_, query=asked.query, total=total, language=language(), now=now
    )
    # Which conditions, but not their values: a person may be named among those.
    details = {
        "format": format_,
        "payments": total,
        "conditions": sorted(name for name, value in asked.kept.items() if value),
    }
    record_act(db, staff, "payments.exported", "export", export.id, request=request, details=details)
    return go_to(request, LIST, say=_("Готовим файл. Он появится здесь"))


@router.get(LIST + "/{export_id}/file", name="staff.exports.file")
def fetch(export_id: UUID, staff: PaymentExporter, db: ReadDb) -> Response:
    """The file itself, to be saved."""
    export, content = file_of(db, staff.user_id, export_id)
    name = f"payments-{business_date(export.created_at).isoformat()}.{export.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=_TYPES[export.format], headers=headers)


def _is_being_made(db: Session, user_id: UUID, format_: str, query: str) -> bool:
    return any(
        (it.format, it.query) == (format_, query) and it.status not in (READY, FAILED) for it in exports_of(db, user_id)
    )


def _told(db: ReadSession, export: Export) -> File:
    return File(export, conditions_of(db, read_filter(dict(parse_qsl(export.query)))))
