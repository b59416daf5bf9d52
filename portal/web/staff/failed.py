"""Failed charges: why each brought no money, what comes next, and what an employee can do about it."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.db import ReadSession, Session, repeating
from kernel.errors import Refused
from payments.charging.retrying import CannotRetry, Chance, Way, read_chances, retry_charge
from payments.contracts.planning import notice_time
from portal.audit.recording import record_act
from portal.notifications.reasons import reason_for_staff
from portal.web.cabinet.rhythm import notice_words
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.paging import page_of, page_size
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.addresses import list_url
from portal.web.staff.cursors import after_number
from portal.web.staff.failed_words import attempt_name, done_name, next_name, obstacle_name
from portal.web.staff.invoice_acts import send_invoice
from portal.web.staff.queries.charger import read_charger
from portal.web.staff.queries.failed import FailedCharge, failed_charge, list_failed, total_failed
from portal.web.staff.queries.search import searchable
from portal.web.staff.roles import (
    HOLDS_AUTOPAYS,
    ISSUES_INVOICES,
    RETRIES_CHARGES,
    ChargeRetrier,
    InvoiceIssuer,
    may,
)
from portal.web.staff.words import method_name, pause_name

router = Router()
LIST = "/staff/failed-charges"


@router.get(LIST, name="staff.failed.list")
def list_all(request: Request, staff: CurrentStaff, db: ReadDb, q: str = "") -> Response:
    """The whole list, the newest first."""
    text, size, after = searchable(q), page_size(request.query_params.get("size")), after_number(request)
    found = list_failed(db, text, after=after, limit=size + 1)
    count, kopecks = total_failed(db, text)
    charger = read_charger(db)
    context = {
        "page": page_of(
            _with_chances(db, found),
            size=size,
            key=lambda item: (str(item[0].payment_number),),
            after=("",) if after else None,
        ),
        "q": text,
        "url": list_url(LIST, {"q": text}),
        "count": count,
        "kopecks": kopecks,
        "pause": pause_name(charger.pause_reason) if charger and charger.paused else "",
        "may_retry": may(staff, RETRIES_CHARGES),
        "may_send": may(staff, ISSUES_INVOICES),
        "may_hold": may(staff, HOLDS_AUTOPAYS),
        "attempt_name": attempt_name,
        "next_name": next_name,
        "obstacle_name": obstacle_name,
        "method_name": method_name,
        "reason_for_staff": reason_for_staff,
    }
    return render(request, "pages/staff/failed_charges.html", context, fragment="rows")


@router.get(LIST + "/{invoice_id}/retry", name="staff.failed.ask")
def ask(request: Request, invoice_id: UUID, _staff: ChargeRetrier, db: ReadDb) -> Response:
    """What trying again means, what the customer was told, and the button.

    Raises:
        Refused: the charge has not failed, or no longer.
    """
    row = failed_charge(db, invoice_id)
    chance = _chances(db, [row]).get(invoice_id) if row else None
    if row is None or chance is None:
        raise Refused(_("Этого списания больше нет среди неудачных: счёт оплачен, закрыт или его уже списывают"))
    context = {
        "row": row,
        "chance": chance,
        "notice": notice_words(notice_time(db)),
        "attempt_name": attempt_name,
        "next_name": next_name,
        "obstacle_name": obstacle_name,
        "method_name": method_name,
        "reason_for_staff": reason_for_staff,
    }
    return render(request, "pages/staff/failed_retry.html", context)


@router.post(LIST + "/{invoice_id}/retry", name="staff.failed.retry")
def retry(request: Request, invoice_id: UUID, staff: ChargeRetrier) -> Response:
    """Put the charge on its way. Pressed twice, or by two people, it is one charge."""

    def work(session: Session) -> Way:
        way = retry_charge(session, invoice_id, by=staff.user_id, now=clock.business_now(session))
        record_act(session, staff, "charge.retried", "invoice", invoice_id, request=request, details={"way": way})
        return way

    try:
        way = repeating(work)
    except CannotRetry as error:
        return go_to(request, LIST, say=obstacle_name(error.obstacle), tone="warn")
    return go_to(request, LIST, say=done_name(way))


@router.post(LIST + "/{invoice_id}/letters", name="staff.failed.send")
def send(request: Request, invoice_id: UUID, staff: InvoiceIssuer, db: Db) -> Response:
    """Send the customer the link to pay by. Pressed twice, one letter leaves."""
    said, tone = send_invoice(request, db, staff, invoice_id)
    return go_to(request, LIST, say=said, tone=tone)


def _with_chances(db: ReadSession, found: list[FailedCharge]) -> list[tuple[FailedCharge, Chance]]:
    chances = _chances(db, found)
    return [(row, chances[row.invoice_id]) for row in found if row.invoice_id in chances]


def _chances(db: ReadSession, found: list[FailedCharge]) -> dict[UUID, Chance]:
    return read_chances(db, [row.invoice_id for row in found], now=clock.now())
