"""Late charges: what waits for a fresh notice or for its turn, and letting a customer off one of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date
from kernel.db import Session, repeating
from kernel.errors import Refused
from payments.contracts.models import ON_PAYMENT
from payments.invoicing.skipping import skip_installment
from portal.audit.recording import record_act
from portal.web.kit.filters import day_and_month
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import ngettext
from portal.web.kit.paging import page_of, page_size
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.staff.cursors import after_day
from portal.web.staff.queries.charger import read_charger
from portal.web.staff.queries.late import LateCharge, late_charge, late_charges
from portal.web.staff.roles import SKIPS_CHARGES, ChargeSkipper, may
from portal.web.staff.words import method_name, pause_name

router = Router()
LIST = "/staff/late-charges"


@router.get(LIST, name="staff.late.list")
def list_all(request: Request, staff: CurrentStaff, db: ReadDb) -> Response:
    """The whole list, the oldest first."""
    now = clock.now()
    size = page_size(request.query_params.get("size"))
    after = after_day(request)
    found = late_charges(db, today=business_date(now), after=after, limit=size + 1)
    charger = read_charger(db)
    paused = bool(charger and charger.paused)
    context = {
        "page": page_of(
            [(row, *_telling(row, now, paused=paused)) for row in found],
            size=size,
            key=lambda item: (item[0].due_on.isoformat(), str(item[0].id)),
            after=("",) if after else None,
        ),
        "pause": pause_name(charger.pause_reason) if charger and paused else "",
        "may_skip": may(staff, SKIPS_CHARGES),
        "method_name": method_name,
    }
    return render(request, "pages/staff/late_charges.html", context)


@router.get(LIST + "/{installment_id}/skip", name="staff.late.ask")
def ask(request: Request, installment_id: UUID, _staff: ChargeSkipper, db: ReadDb) -> Response:
    """What skipping this charge means, and the button.

    Raises:
        Refused: it is not late, or no longer.
    """
    row = late_charge(db, installment_id, today=business_date(clock.now()))
    if row is None:
        raise Refused(_("Этого списания больше нет среди опоздавших: его провели, пропустили или отключили."))
    context = {"row": row, "on_payment": row.advance == ON_PAYMENT, "method_name": method_name}
    return render(request, "pages/staff/late_skip.html", context)


@router.post(LIST + "/{installment_id}/skip", name="staff.late.skip")
def skip(request: Request, installment_id: UUID, staff: ChargeSkipper) -> Response:
    """Skip it; pressed twice, it is skipped once."""

    def work(session: Session) -> bool:
        skipped = skip_installment(session, installment_id, by=staff.user_id, now=clock.business_now(session))
        if skipped:
            record_act(session, staff, "installment.skipped", "installment", installment_id, request=request)
        return skipped

    done = repeating(work)
    said = _("Списание пропущено, счёт аннулирован") if done else _("Это списание уже пропущено")
    return go_to(request, LIST, say=said)


def _telling(row: LateCharge, now: datetime, *, paused: bool) -> tuple[str, str]:
    """How late it is, and what it waits for."""
    days = (business_date(now) - row.due_on).days
    late = ngettext("опоздало на %(num)s день", "опоздало на %(num)s дней", days) % {"num": days}
    if row.charge_at is None:
        return late, _("Ждёт, пока уйдёт новое предупреждение")
    if row.charge_at > now:
        return late, _("Спишем %(day)s") % {"day": day_and_month(row.charge_at)}
    if paused:
        return late, _("Ждёт, пока списания возобновят")
    return late, _("Вот-вот спишем или предупредим заново")
