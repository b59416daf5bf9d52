"""A new customer, added by an employee: somebody who looks the same is shown first, and never made twice in silence."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from starlette.responses import Response

from kernel import log
from payments.customers.registration import create_customer
from portal.audit.recording import record_act
from portal.web.kit.forms import Posted
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, Router
from portal.web.staff.newcomer_form import NewcomerForm
from portal.web.staff.queries.lookalikes import Lookalike, lookalikes_of
from portal.web.staff.roles import CustomerAdder

router = Router()
_log = log.get(__name__)


@router.get("/staff/customers/new", name="staff.customers.new")
def show_new(request: Request, _staff: CustomerAdder) -> Response:
    """The empty form."""
    return _page(request, NewcomerForm())


@router.post("/staff/customers", name="staff.customers.create")
def create(request: Request, posted: Posted, staff: CustomerAdder, db: Db) -> Response:
    """Add the customer and go on to their contract, or show who looks the same; a second press shows the first's."""
    form = NewcomerForm(posted)
    if not form.check():
        return _page(request, form, status=422)
    data = form.data_of_customer
    found = lookalikes_of(db, data, seen=form.seen_ids)
    if found:
        return _page(request, form, found, status=422)
    customer = create_customer(db, data)
    record_act(db, staff, "customer.added", "customer", customer.id, request=request)
    _log.info("customer.added", customer_id=str(customer.id), user_id=str(staff.user_id))
    return go_to(request, f"/staff/contracts/new?customer={customer.id}", say=_("Клиент добавлен. Теперь его договор"))


def _page(request: Request, form: NewcomerForm, found: Sequence[Lookalike] = (), *, status: int = 200) -> Response:
    seen = [*form.seen_ids, *(somebody.id for somebody in found)]
    context = {"form": form, "found": found, "seen": " ".join(str(customer_id) for customer_id in seen)}
    return render(request, "pages/staff/customer_new.html", context, status=status)
