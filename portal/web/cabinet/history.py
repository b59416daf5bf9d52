"""The history of payments: filters in the address, months with their totals, and more on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

import wtforms
from fastapi import Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from kernel.clock import business_date
from kernel.db import ReadSession
from portal.accounts.sessions import SignedIn
from portal.web.cabinet.queries.payments import (
    ContractChoice,
    MonthTotal,
    PaymentFilter,
    PaymentRow,
    read_month_totals,
    read_paid_contracts,
    read_payments,
)
from portal.web.kit.fields import DateField
from portal.web.kit.forms import Form
from portal.web.kit.guards import CurrentCustomer
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext
from portal.web.kit.paging import Page, page_of, read_cursor
from portal.web.kit.render import render, wants_fragment
from portal.web.kit.routing import ReadDb, Router

if TYPE_CHECKING:
    from portal.web.kit.paging import Key

router = Router()
_PAGE = "pages/cabinet/payments.html"
_MORE = "partials/cabinet/payments_more.html"
_SIZE = 25
_GROUPS = (
    ("all", lazy_gettext("Все")),
    ("paid", lazy_gettext("Оплачены")),
    ("waiting", lazy_gettext("Ждут")),
    ("failed", lazy_gettext("Не прошли")),
)


class FilterForm(Form):
    """Which payments to show. The state is chosen by links, the rest by this form."""

    status = wtforms.HiddenField()
    contract = wtforms.SelectField(lazy_gettext("Договор"), validate_choice=False)
    since = DateField(lazy_gettext("С даты"), name="from")
    until = DateField(lazy_gettext("По дату"), name="to")

    def wanted(self, contracts: Sequence[ContractChoice]) -> PaymentFilter | None:
        """The filter that was asked for; None, with the reasons on the fields, when it makes no sense."""
        chosen = {str(item.id): item.id for item in contracts}
        self.contract.choices = [("", _("Все договоры"))] + [
            (str(item.id), _("№ %(number)s «%(title)s»") % {"number": item.number, "title": item.title})
            for item in contracts
        ]
        fits = self.validate()
        if self.contract.data and self.contract.data not in chosen:
            self.refuse("contract", _("Такого договора у вас нет"))
            fits = False
        if fits and self.since.data and self.until.data and self.since.data > self.until.data:
            self.refuse("until", _("Эта дата раньше первой"))
            fits = False
        if not fits:
            return None
        group = self.status.data if self.status.data in dict(_GROUPS) else "all"
        return PaymentFilter(group, chosen.get(self.contract.data), self.since.data, self.until.data)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the list. `goes_on` when its head has been shown with the rows before."""

    first_day: date
    kopecks: int
    rows: tuple[PaymentRow, ...]
    goes_on: bool


@router.get("/payments", name="cabinet.payments.list")
def list_payments(request: Request, customer: CurrentCustomer, db: ReadDb) -> Response:
    """The newest payments first; htmx gets the list alone, and with a cursor only what follows it."""
    contracts = read_paid_contracts(db, customer.customer_ids)
    form = FilterForm(request.query_params)
    wanted = form.wanted(contracts)
    context: dict[str, object] = {"form": form, "groups": _GROUPS, "address": _address, "query": request.query_params}
    if wanted is None:
        nothing = {"wanted": PaymentFilter(), "months": (), "page": None, "total": None, "has_any": True}
        return render(request, _PAGE, context | nothing, status=422, fragment="list")
    shown = _read(request, db, customer, wanted)
    context |= shown | {"wanted": wanted, "has_any": bool(contracts)}
    if wants_fragment(request) and request.query_params.get("after"):
        return render(request, _MORE, context)
    return render(request, _PAGE, context, fragment="list")


def _read(request: Request, db: ReadSession, customer: SignedIn, wanted: PaymentFilter) -> dict[str, object]:
    after = read_cursor(request.query_params.get("after"))
    rows = read_payments(db, customer.customer_ids, wanted, limit=_SIZE + 1, before=_id(after))
    page = page_of(rows, size=_SIZE, key=lambda row: (str(row.id), _month(row).isoformat()), after=after)
    totals = read_month_totals(db, customer.customer_ids, wanted)
    shown_before = after[1] if after and wants_fragment(request) else None
    return {
        "page": page,
        "months": _months(page, totals, shown_before),
        "total": sum(month.kopecks for month in totals),
    }


def _months(page: Page[PaymentRow], totals: Sequence[MonthTotal], shown_before: str | None) -> list[Month]:
    paid = {total.month: total.kopecks for total in totals}
    return [
        Month(first_day, paid.get(first_day, 0), tuple(rows), first_day.isoformat() == shown_before)
        for first_day, rows in groupby(page.rows, key=_month)
    ]


def _month(row: PaymentRow) -> date:
    return business_date(row.created_at).replace(day=1)


def _id(after: Key | None) -> UUID | None:
    try:
        return UUID(after[0]) if after else None
    except ValueError:
        return None


def _address(query: QueryParams, **changes: str | None) -> str:
    """The address of this list with some of its parameters changed, or left out by None; the cursor goes."""
    kept = {name: value for name, value in query.items() if name != "after" and value}
    for name, value in changes.items():
        if value:
            kept[name] = value
        else:
            kept.pop(name, None)
    return f"/payments?{urlencode(kept)}" if kept else "/payments"
