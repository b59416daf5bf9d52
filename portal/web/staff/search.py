"""The search over everything, from the rail of each page: customers, contracts, invoices and payments by any sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from kernel.db import ReadSession
from portal.notifications.method_words import Method
from portal.web.kit.filters import card, date_text, datetime_text, money, phone
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.staff.addresses import list_url
from portal.web.staff.marking import marked
from portal.web.staff.meanings import Meaning, read_meaning
from portal.web.staff.payments_filter import LIST as PAYMENTS
from portal.web.staff.queries.customers import suggest_customers
from portal.web.staff.queries.finding import find_contracts, find_invoices
from portal.web.staff.queries.payment_filter import PaymentFilter, named_payment
from portal.web.staff.queries.payments import PaymentRow, newest_payments
from portal.web.staff.queries.search import searchable

router = Router()
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found: its name and a line about it, marked where the search matched."""

    icon: str
    title: Markup
    note: Markup
    url: str
    kopecks: int | None = None
    kind: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one kind found by one sign; `all_url` lists the rest of them, empty when these are all."""

    title: str
    hits: Sequence[Hit]
    all_url: str


@router.get("/staff/search", name="staff.search")
def search(request: Request, _staff: CurrentStaff, db: ReadDb, q: str = "") -> Response:
    """What the text may mean, a few of each kind; for htmx, the results alone."""
    meaning = read_meaning(searchable(q))
    groups = [group for group in _find(db, meaning) if group.hits] if meaning.is_worth_asking else []
    context = {"q": meaning.text, "asked": meaning.is_worth_asking, "groups": groups}
    return render(request, "pages/staff/search.html", context, fragment="found")


def _find(db: ReadSession, meaning: Meaning) -> list[Group]:
    people = [_customers(db, meaning.text), _contracts(db, meaning.text), _invoices(db, meaning)]
    payments = _payments(db, meaning)
    # Four digits are in many a phone, but whoever types no more of them means a card.
    return [*payments, *people] if meaning.last4 else [*people, *payments]


def _customers(db: ReadSession, text: str) -> Group:
    found = suggest_customers(db, text, limit=_SHOWN + 1)
    hits = [
        Hit(
            "user",
            marked(it.name, text),
            Markup(", ").join(
                marked(known, text)
                for known in (phone(it.phone) if it.phone else "", it.email or "", it.inn or "")
                if known
            ),
            f"/staff/customers/{it.id}",
        )
        for it in found[:_SHOWN]
    ]
    return Group(_("Клиенты"), hits, _rest("/staff/customers", found, q=text))


def _contracts(db: ReadSession, text: str) -> Group:
    found = find_contracts(db, text, limit=_SHOWN + 1)
    hits = [
        Hit(
            "file-text",
            Markup("№ ") + marked(it.number, text),
            Markup("{}, {}").format(it.customer_name, it.title),
            f"/staff/contracts/{it.id}",
            kind="contract",
            status=it.status,
        )
        for it in found[:_SHOWN]
    ]
    return Group(_("Договоры"), hits, _rest("/staff/contracts", found, q=text))


def _invoices(db: ReadSession, meaning: Meaning) -> Group:
    found = find_invoices(db, meaning.text, meaning.kopecks, limit=_SHOWN)
    hits = [
        Hit(
            "receipt-text",
            Markup("№ ") + marked(it.number, meaning.text),
            Markup("{}, {}").format(it.customer_name, _("оплатить до %(day)s") % {"day": date_text(it.due_on)}),
            f"/staff/invoices/{it.id}",
            it.kopecks,
            "invoice",
            it.status,
        )
        for it in found
    ]
    return Group(_("Счета"), hits, "")


def _payments(db: ReadSession, meaning: Meaning) -> list[Group]:
    groups = []
    itself = named_payment(meaning.text)
    if itself is not None:
        found = newest_payments(db, [itself], limit=_SHOWN)
        groups.append(Group(_("Платежи по номеру"), [_paid(it, meaning.text) for it in found], ""))
    if meaning.last4:
        found = newest_payments(db, PaymentFilter(last4=meaning.last4).lasting(), limit=_SHOWN + 1)
        title = _("Платежи картой %(card)s") % {"card": card(meaning.last4)}
        rest = _rest(PAYMENTS, found, last4=meaning.last4)
        groups.append(Group(title, [_paid(it, meaning.last4) for it in found[:_SHOWN]], rest))
    if meaning.kopecks:
        of_sum = PaymentFilter(least_kopecks=meaning.kopecks, most_kopecks=meaning.kopecks)
        found = newest_payments(db, of_sum.lasting(), limit=_SHOWN + 1)
        title = _("Платежи на %(sum)s") % {"sum": money(meaning.kopecks)}
        typed = f"{meaning.kopecks // 100},{meaning.kopecks % 100:02d}"
        rest = _rest(PAYMENTS, found, least=typed, most=typed)
        groups.append(Group(title, [_paid(it, "") for it in found[:_SHOWN]], rest))
    return groups


def _paid(it: PaymentRow, text: str) -> Hit:
    how = Method(it.method_kind, it.last4).name if it.method_kind else ""
    parts = [it.customer_name, datetime_text(it.at), how]
    return Hit(
        "banknote",
        Markup("№ ") + marked(str(it.number), text),
        Markup(", ").join([*(marked(part, text) for part in parts if part), *_gateway_id(it, text)]),
        f"{PAYMENTS}/{it.id}",
        it.kopecks,
        "payment",
        it.status,
    )


def _gateway_id(it: PaymentRow, text: str) -> list[Markup]:
    # Told only to somebody who looked for it: to all others it is noise.
    return [marked(it.gateway_id, text)] if it.gateway_id and it.gateway_id == text.strip() else []


def _rest(path: str, found: Sequence[object], **values: str) -> str:
    return list_url(path, values) if len(found) > _SHOWN else ""
