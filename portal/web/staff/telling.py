"""Events in words, for the timeline of a customer and the last events of the dashboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from payments.charging.models import LIVE
from portal.accounts.devices import browser_of, system_of
from portal.notifications.reasons import reason_for_staff
from portal.web.kit.filters import money
from portal.web.kit.i18n import gettext as _
from portal.web.kit.words import word
from portal.web.staff.queries.happenings import Happening
from portal.web.staff.queries.timeline_parts import Occurrence
from portal.web.staff.words import CONSENTS, method_name, retry_name, source_name

_TONES = {"succeeded": "ok", "canceled": "danger", "rejected": "warn"}
_ICONS = {"succeeded": "circle-check", "canceled": "circle-x", "rejected": "circle-pause"}


@dataclass(frozen=True, slots=True)
class Told:
    """An event ready to be drawn by `kit.event`; `quiet` is a mere record.

    The text of a customer's event is in whole sentences, for a link follows it; that of the company's has no last stop.

    What is done by the schedule has a day; its time says only when the scheduler came by. `note` is in somebody's own
    words, line by line.
    """

    at: datetime
    icon: str
    tone: str
    title: str
    text: str
    url: str
    quiet: bool = False
    by_schedule: bool = False
    note: str = ""

    @property
    def link(self) -> str:
        """What the link to the whole story says."""
        names = {
            "payments": _("Открыть платёж"),
            "contracts": _("Открыть договор"),
            "messages": _("Открыть письмо"),
            "customers": _("Изменить"),
        }
        ours = self.url.startswith("/staff/")
        return names[self.url.split("/")[2]] if ours else _("Открыть")


def tell_happening(it: Happening) -> Told:
    """An event of the whole company: what happened, and whose it is."""
    if it.object_kind == "payment":
        text = _line(it.customer_name, reason_for_staff(it.reason) if it.new != "succeeded" else "")
        told_as = _as_told(it.new, it.reason)
        title = _payment_title(told_as, it.kopecks or 0, it.initiator or "")
        url, by_schedule = f"/staff/payments/{it.object_id}", it.initiator == "schedule"
        return Told(it.at, _ICONS[told_as], _TONES[told_as], title, text, url, by_schedule=by_schedule)
    title, icon, tone = _change(it.object_kind, it.new)
    text = _line(it.customer_name, _("Договор № %(number)s") % {"number": it.contract_number})
    return Told(it.at, icon, tone, title, text, f"/staff/contracts/{it.contract_id}")


def tell(it: Occurrence, *, icons: Mapping[str, str] = MappingProxyType({})) -> Told:
    """An event of one customer; `icons` are those of the kinds that extensions add."""
    if it.kind in icons:
        return Told(it.at, icons[it.kind], "", it.subject or "", it.source or "", it.code or "", quiet=True)
    return _TELLERS[it.kind](it)


def _tell_payment(it: Occurrence) -> Told:
    state = _as_told(it.state, it.code)
    ended = state in ("canceled", "rejected")
    text = _sentences(
        it.subject or "",
        method_name(it.method, it.last4) if it.method else "",
        reason_for_staff(it.code) if ended else "",
        _("Следующая попытка: %(when)s") % {"when": retry_name(it.retry, it.retry_at)} if it.retry else "",
    )
    return Told(
        it.at,
        _ICONS.get(state, "clock"),
        _TONES.get(state, "warn"),
        _payment_title(state, it.kopecks or 0, it.source or ""),
        text,
        f"/staff/payments/{it.link_id}",
    )


def _as_told(status: str, reason: str | None) -> str:
    # What the gateway did not take failed as surely as what the bank declined; the rest we held back ourselves.
    return "canceled" if status == "rejected" and reason in ("gateway_rejected", "given_up") else status


def _payment_title(status: str, kopecks: int, initiator: str) -> str:
    amount = {"sum": money(kopecks)}
    if status == "succeeded":
        return _("Оплата %(sum)s") % amount
    if status in LIVE:
        return _("Платёж %(sum)s: %(state)s") % {**amount, "state": str(word("payment", status).text).lower()}
    if status == "rejected":
        return _("Списание %(sum)s не отправлено") % amount
    return (_("Списание %(sum)s не прошло") if initiator == "schedule" else _("Оплата %(sum)s не прошла")) % amount


def _tell_letter(it: Occurrence) -> Told:
    state = word("message", it.state)
    title = _("Письмо «%(subject)s»") % {"subject": it.subject}
    text = _sentences(str(state.text), it.source or "" if it.state == "failed" else "")
    tone = "danger" if it.state == "failed" else "brand"
    return Told(it.at, "mail", tone, title, text, f"/staff/messages/{it.link_id}")


def _tell_consent(it: Occurrence) -> Told:
    given = it.state == "given"
    name = {"name": CONSENTS[it.code or ""]}
    title = (_("Согласие дано: %(name)s") if given else _("Согласие отозвано: %(name)s")) % name
    limited = it.kopecks is not None
    text = _sentences(
        _("Договор № %(number)s") % {"number": it.subject} if it.subject else "",
        _("Не больше %(sum)s за раз") % {"sum": money(it.kopecks or 0)} if limited else "",
    )
    url = f"/staff/contracts/{it.link_id}" if it.link_id else ""
    return Told(it.at, "file-check", "" if given else "warn", title, text, url, quiet=given)


def _tell_change(it: Occurrence) -> Told:
    title, icon, tone = _change(it.code or "", it.state)
    text = _sentences(_("Договор № %(number)s") % {"number": it.subject}, source_name(it.source or ""))
    return Told(it.at, icon, tone, title, text, f"/staff/contracts/{it.link_id}", quiet=tone == "")


def _change(object_kind: str, new: str) -> tuple[str, str, str]:
    state = word(object_kind, new)
    if object_kind == "contract":
        return _("Договор: %(state)s") % {"state": str(state.text).lower()}, "file-text", state.tone
    return str(state.text), "repeat" if new == "active" else "circle-pause", state.tone


def _tell_note(it: Occurrence) -> Told:
    title = _("%(name)s, заметка") if not it.state else _("%(name)s, заметка изменена")
    return Told(it.at, "sticky-note", "warn", title % {"name": it.subject}, "", "", note=it.source or "")


def _tell_login(it: Occurrence) -> Told:
    device = ", ".join(name for name in (browser_of(it.subject), system_of(it.subject)) if name)
    return Told(it.at, "user", "", _("Вход в кабинет"), _sentences(device, it.source or ""), "", quiet=True)


def _sentences(*parts: str) -> str:
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _line(*parts: str) -> str:
    *first, last = [part for part in parts if part]
    return " ".join([_sentences(*first), last]).strip()


_TELLERS: dict[str, Callable[[Occurrence], Told]] = {
    "payments": _tell_payment,
    "letters": _tell_letter,
    "notes": _tell_note,
    "logins": _tell_login,
    "consents": _tell_consent,
    "changes": _tell_change,
}
