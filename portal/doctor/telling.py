"""A breach in words: what sort of row it is, and the figures that disagree, as their names say to write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from payments.doctor.check import Breach
from portal.audit.acts import SUBJECTS
from portal.web.kit.filters import date_text, datetime_text, money, number
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.words import WORDS

# In the order in which they are told.
FIGURES: dict[str, str] = {
    "why": _("что не так"),
    "line_status": _("платёж по графику"),
    "line_kopecks": _("по графику"),
    "invoice_status": _("счёт"),
    "payment_status": _("платёж"),
    "posting_kind": _("проводка"),
    "asked_kopecks": _("просили"),
    "agreed_kopecks": _("согласие до"),
    "announced_kopecks": _("предупредили о"),
    "charged_kopecks": _("списано"),
    "payments": _("платежей"),
    "came_kopecks": _("пришло"),
    "posted_kopecks": _("записано"),
    "counted_kopecks": _("учтено"),
    "gateway_status": _("в ЮKassa"),
    "gateway_kopecks": _("в ЮKassa"),
    "sum_kopecks": _("сумма"),
    "left_kopecks": _("осталось"),
    "short_kopecks": _("в учёте меньше на"),
    "announced_at": _("предупреждение"),
    "announced_on": _("обещано на"),
    "withdrawn_at": _("согласие отозвано"),
    "unlinked_at": _("карта отвязана"),
    "sent_at": _("отправлено"),
    "last_sent_at": _("в последний раз"),
    "begins_on": _("начинается"),
    "before_ends_on": _("прошлый кончается"),
    "invoices": _("счетов"),
    "last_number": _("последний номер"),
    "counted_to": _("счётчик"),
    "table": _("таблица"),
    "letters": _("строчными"),
    "failures": _("неудач подряд"),
    "waiting": _("ждут"),
    "since_at": _("с"),
}
WHYS: dict[str, str] = {
    "no_consent": _("согласия нет"),
    "other_shop": _("другой магазин"),
    "other_customer": _("другой клиент"),
    "other_currency": _("другая валюта"),
    "other_payment": _("назван другой платёж"),
    "other_invoice": _("назван другой счёт"),
    "not_in_gateway": _("в ЮKassa его нет"),
    "unchained": _("нет в цепочке"),
    "gone": _("запись исчезла"),
    "changed": _("запись изменена"),
    "before_changed": _("предыдущая запись изменена или исчезла"),
    "person_changed": _("изменено, кто согласился или откуда"),
    "person_half_erased": _("стёрто не всё о том, кто согласился"),
}
_POSTINGS = {"payment": _("по платежу"), "invoice": _("по счёту"), "invoice_void": _("по аннулированию счёта")}
# Besides what employees act upon.
_OBJECTS: dict[str, str] = {
    "audit entry": _("Запись журнала"),
    "consent": _("Согласие"),
    "comment": _("Запись в CRM"),
    "company": _("Компания в CRM"),
    "contact": _("Контакт в CRM"),
    "counter": _("Нумерация счетов"),
    "database": _("База данных"),
    "deal": _("Сделка в CRM"),
    "gateway_payment": _("Платёж ЮKassa"),
    "index": _("Запрет"),
    "ledger_transaction": _("Проводка"),
    "log": _("Запись в CRM"),
    "requisite": _("Реквизиты в CRM"),
    "trigger": _("Запрет"),
    "wait": _("Очередь"),
}


def object_name(kind: str) -> str:
    """«Платёж», «Проводка»; one that nobody named is shown as it is."""
    known = SUBJECTS.get(kind)
    return str(known[0] if known else _OBJECTS.get(kind, kind))


def figures_text(figures: Mapping[str, object]) -> str:
    """«просили 1 000,00 ₽, записано 0,00 ₽»."""
    return ", ".join(_told(name, figures[name]) for name in FIGURES if name in figures)


def tell(breach: Breach) -> str:
    """«Платёж 0190…: пришло 100,00 ₽, записано 0,00 ₽», where nothing can be looked up."""
    return f"{object_name(breach.object)} {breach.id}: {figures_text(breach.figures)}"


def _told(name: str, value: object) -> str:
    if name == "why":
        return str(WHYS[str(value)])
    return f"{FIGURES[name]} {_value(name, value)}"


def _value(name: str, value: object) -> str:
    text = str(value)
    kind, _underscore, unit = name.rpartition("_")
    if unit == "status":
        words = WORDS[{"line": "installment", "invoice": "invoice"}.get(kind, "payment")]
        return f"«{words[text].text}»" if text in words else text
    if unit == "kopecks":
        return money(int(text))
    if unit == "at":
        return datetime_text(datetime.fromisoformat(text))
    if unit == "on":
        return date_text(date.fromisoformat(text))
    if name == "posting_kind":
        return str(_POSTINGS.get(text, text))
    return number(value) if isinstance(value, int) else text
