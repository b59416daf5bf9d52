"""A customer's own data, changed by an employee: the name, how to reach them, ИНН and КПП.

The login is another thing: its address is changed by its owner alone, who confirms the new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.customers.models import Customer
from payments.customers.registration import change_customer
from portal.audit.recording import record_act
from portal.web.kit.forms import Posted
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.customer_form import CustomerForm, data_of, filled
from portal.web.staff.queries.customer_card import logins_of
from portal.web.staff.queries.lookalikes import Lookalike, lookalikes_of
from portal.web.staff.roles import CustomerChanger

router = Router()
CARD = "/staff/customers/{customer_id}"


@router.get(CARD + "/edit", name="staff.customers.edit")
def edit(request: Request, customer_id: UUID, _staff: CustomerChanger, db: ReadDb) -> Response:
    """The data as they are now."""
    customer = db.get(Customer, customer_id)
    if customer is None:
        raise NotFound
    return _page(request, db, customer, filled(customer))


@router.post(CARD, name="staff.customers.change")
def change(request: Request, posted: Posted, customer_id: UUID, staff: CustomerChanger, db: Db) -> Response:
    """Store what was changed, or show another customer who has the same address, phone or ИНН.

    Raises:
        NotFound: no such customer.
    """
    customer = db.get(Customer, customer_id, with_for_update=True)
    if customer is None:
        raise NotFound
    form = CustomerForm(posted)
    if not form.check():
        return _page(request, db, customer, form, status=422)
    before = data_of(customer)
    wanted = form.merged(before)
    changed = sorted(name for name, value in asdict(wanted).items() if asdict(before)[name] != value)
    found = lookalikes_of(db, wanted, seen=[customer_id, *form.seen_ids]) if changed else []
    if found:
        return _page(request, db, customer, form, found, status=422)
    if change_customer(db, customer_id, wanted):
        record_act(db, staff, "customer.changed", "customer", customer_id, request=request, details={"fields": changed})
    return go_to(
        request, f"/staff/customers/{customer_id}", say=_("Сохранено") if changed else _("Ничего не изменилось")
    )


def _page(
    request: Request,
    db: ReadSession | Session,
    customer: Customer,
    form: CustomerForm,
    found: Sequence[Lookalike] = (),
    *,
    status: int = 200,
) -> Response:
    seen = [*form.seen_ids, *(somebody.id for somebody in found)]
    context = {
        "form": form,
        "customer": customer,
        "logins": logins_of(db, customer.id),
        "found": found,
        "seen": " ".join(str(customer_id) for customer_id in seen),
    }
    return render(request, "pages/staff/customer_edit.html", context, status=status)
