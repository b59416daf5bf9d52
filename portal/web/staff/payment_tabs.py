"""Views above the list of payments: the ones that everybody has, then the employee's own, each with how much it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl
from uuid import UUID

from kernel.clock import business_date
from kernel.db import ReadSession, Session
from portal.saved_views.keeping import views_of
from portal.web.kit.filters import money, month_text, number
from portal.web.kit.i18n import gettext as _
from portal.web.staff.payments_filter import LIST, Asked, chips, read_filter
from portal.web.staff.queries.customers import find_customer
from portal.web.staff.queries.payment_filter import LARGE_KOPECKS, PaymentFilter
from portal.web.staff.queries.payments import MOST_COUNTED, count_payments

VIEWS = LIST + "/views"
# Shown only while it holds something, or is looked at.
_RARE = ("unknown", "odd")
_ALARMING = ("failed", "unknown", "odd")


@dataclass(frozen=True, slots=True)
class Tab:
    """A view above the list. `count` is in words, empty for none; `edit` is where an employee's own view is changed."""

    key: str
    text: str
    url: str
    count: str
    tone: str
    current: bool
    edit: str = ""


def tabs_for(session: ReadSession, user_id: UUID, asked: Asked, *, now: datetime) -> list[Tab]:
    """Everybody's views and the employee's own, each with how much it holds; the one looked at is current."""
    saved = [(view, read_filter(dict(parse_qsl(view.query)))) for view in views_of(session, user_id)]
    names = {
        "month": _("За %(month)s") % {"month": month_text(business_date(now)).split(" ")[0].lower()},
        **view_names(),
    }
    filters = [PaymentFilter(view=key) for key in names] + [it.wanted for _view, it in saved]
    counts = count_payments(session, filters, now=now)
    own = next((view.id for view, it in saved if it.query == asked.query), None)
    tabs = [Tab("", _("Все"), LIST, "", "", current=own is None and not asked.wanted.view)]
    for (key, name), count in zip(names.items(), counts[: len(names)], strict=True):
        current = own is None and key == asked.wanted.view
        if count or current or key not in _RARE:
            tone = "danger" if count and key in _ALARMING else ""
            tabs.append(Tab(key, name, f"{LIST}?view={key}", _counted(count), tone, current))
    for (view, it), count in zip(saved, counts[len(names) :], strict=True):
        url = f"{LIST}?{it.query}" if it.query else LIST
        tabs.append(Tab(str(view.id), view.name, url, _counted(count), "", view.id == own, f"{VIEWS}/{view.id}"))
    return tabs


def view_names() -> dict[str, str]:
    """What the views are called that hold the same all year round."""
    large = _("Крупные, от %(sum)s") % {"sum": money(LARGE_KOPECKS).replace(",00", "")}
    return {
        "failed": _("Не прошли, ждут оплаты"),
        "unknown": _("Исход неизвестен"),
        "odd": _("Разобрать"),
        "large": large,
    }


def conditions_of(db: ReadSession | Session, asked: Asked) -> list[tuple[str, str]]:
    """The filter in words: name and value of each condition."""
    customer = find_customer(db, asked.wanted.customer_id) if asked.wanted.customer_id else None
    view = {"month": _("текущий месяц"), **view_names()}.get(asked.wanted.view, "")
    shown = [(_("Отбор"), view)] if view else []
    shown += [(_("Поиск"), asked.wanted.text)] if asked.wanted.text else []
    found = chips(asked.wanted, asked.kept, customer.name if customer else "")
    return shown + [(chip.name, chip.value) for chip in found]


def _counted(count: int) -> str:
    if not count:
        return ""
    return number(count) if count <= MOST_COUNTED else f"{number(MOST_COUNTED)}+"
