"""The card of a customer: facts on the left, everything that happened on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date
from kernel.db import ReadSession, Session
from portal.accounts.sessions import SignedIn
from portal.notes.writing import is_fresh
from portal.notifications.reasons import reason_for_staff
from portal.public import CustomerExtension
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.paging import Page, page_of
from portal.web.kit.render import render, wants_fragment
from portal.web.kit.routing import ReadDb, Router
from portal.web.staff.cursors import after_moment
from portal.web.staff.note_form import NoteForm
from portal.web.staff.queries import customer_card
from portal.web.staff.queries.timeline import count_timeline, kinds_of, read_timeline
from portal.web.staff.queries.timeline_parts import Occurrence
from portal.web.staff.roles import CHANGES_CUSTOMERS, ISSUES_INVOICES, OPENS_CONTRACTS, WRITES_NOTES, may
from portal.web.staff.telling import Told, tell
from portal.web.staff.words import CONSENTS, method_name, period_name

router = Router()
_EVENTS = 25


@router.get("/staff/customers/{customer_id}", name="staff.customers.show")
def show(request: Request, customer_id: UUID, staff: CurrentStaff, db: ReadDb, kind: str = "") -> Response:
    """The card; for htmx, the next part of the timeline."""
    return card_page(request, db, customer_id, staff, NoteForm(), kind=kind)


def card_page(
    request: Request,
    db: ReadSession | Session,
    customer_id: UUID,
    staff: SignedIn,
    form: NoteForm,
    *,
    kind: str = "",
    status: int = 200,
) -> Response:
    """The card with a note that is being written.

    Raises:
        NotFound: no such customer.
    """
    today = business_date(clock.now())
    extensions = extensions_of(request)
    kinds = kinds_of(extensions)
    chosen = kind if kind in kinds else ""
    after = after_moment(request)
    found = read_timeline(db, customer_id, chosen, after=after, limit=_EVENTS + 1, extensions=extensions)
    page: Page[Occurrence] = page_of(
        found, size=_EVENTS, key=lambda row: (row.at.isoformat(), row.ref), after=("", "") if after else None
    )
    context = {
        "customer": customer_card.read_customer(db, customer_id, today=today),
        "kind": chosen,
        "page": page,
        "days": _by_day(page.rows, customer_id, staff, extensions),
        "continued": business_date(after[0]) if after and wants_fragment(request) else None,
        "today": today,
    }
    if not wants_fragment(request):
        context |= _around(db, customer_id, staff, extensions) | {"form": form}
    return render(request, "pages/staff/customer.html", context, status=status, fragment="events")


def extensions_of(request: Request) -> Sequence[CustomerExtension]:
    """What the packages above add to the card, as the composition root says."""
    found: Sequence[CustomerExtension] = getattr(request.app.state, "customer_extensions", ())
    return found


def _around(
    db: ReadSession | Session, customer_id: UUID, staff: SignedIn, extensions: Sequence[CustomerExtension]
) -> dict[str, object]:
    """What stands around the timeline: its tabs, and the facts on the left."""
    counts = count_timeline(db, customer_id, extensions=extensions)
    names = {extension.kind: str(extension.tab) for extension in extensions} | _tab_names()
    methods = customer_card.methods_of(db, customer_id)
    return {
        "tabs": [("", _("Всё"), sum(counts.values())), *((key, names[key], count) for key, count in counts.items())],
        "contracts": customer_card.contracts_of(db, customer_id),
        "methods": methods,
        "expires_soon": any(method.expires_soon(business_date(clock.now())) for method in methods),
        "consents": customer_card.consents_of(db, customer_id),
        "logins": customer_card.logins_of(db, customer_id),
        "facts": [fact for extension in extensions for fact in extension.facts(db, customer_id)],
        "acts": [act for extension in extensions for act in extension.acts if may(staff, act.right)],
        "consent_names": CONSENTS,
        "method_name": method_name,
        "period_name": period_name,
        "reason_for_staff": reason_for_staff,
        "may_open": may(staff, OPENS_CONTRACTS),
        "may_issue": may(staff, ISSUES_INVOICES),
        "may_change": may(staff, CHANGES_CUSTOMERS),
        "may_note": may(staff, WRITES_NOTES),
    }


def _tab_names() -> dict[str, str]:
    return {
        "payments": _("Платежи"),
        "letters": _("Письма"),
        "notes": _("Заметки"),
        "logins": _("Входы"),
        "consents": _("Согласия"),
        "changes": _("Изменения"),
    }


def _by_day(
    events: Sequence[Occurrence], customer_id: UUID, staff: SignedIn, extensions: Sequence[CustomerExtension]
) -> list[tuple[object, list[Told]]]:
    icons = {extension.kind: extension.icon for extension in extensions}
    now = clock.now()

    def told(it: Occurrence) -> Told:
        mine = it.kind == "notes" and it.code == str(staff.user_id) and is_fresh(it.at, now)
        found = tell(it, icons=icons)
        return replace(found, url=f"/staff/customers/{customer_id}/notes/{it.link_id}") if mine else found

    return [
        (day, [told(item) for item in of_day])
        for day, of_day in groupby(events, key=lambda item: business_date(item.at))
    ]
