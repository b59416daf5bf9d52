"""The details of an act in words: what was before and after."""

from __future__ import annotations

from datetime import date

from portal.audit.reading import Entry
from portal.web.kit.filters import date_text, money
from portal.web.kit.guards import ROLE_WORDS
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.words import WORDS
from portal.web.staff.oddities import WORDS as ODDITIES
from portal.web.staff.payments_filter import PaymentsForm
from portal.web.staff.proof_words import KINDS

_NAMES = {
    "charges": _("Списаний за день"),
    "conditions": _("Отобраны по"),
    "description": _("Описание"),
    "due_on": _("Оплатить до"),
    "fields": _("Что изменено"),
    "first_on": _("Первая дата"),
    "format": _("Файл"),
    "gateway_id": _("Номер в ЮKassa"),
    "invoice": _("Счёт"),
    "jobs": _("Объектов"),
    "kind": _("Что не сошлось"),
    "kopecks": _("Сумма"),
    "note": _("Заметка"),
    "number": _("Номер"),
    "oddity": _("Что было не так"),
    "on_sale": _("В продаже"),
    "payments": _("Платежей"),
    "period_count": _("Периодов"),
    "period_unit": _("Период"),
    "product": _("Услуга"),
    "reason": _("Причина"),
    "restored": _("База из копии"),
    "role": _("Роль"),
    "second_factor": _("Второй шаг"),
    "status": _("Состояние"),
    "told": _("Сразу письмом"),
    "way": _("Когда"),
}
_WAYS = {"now": _("сразу"), "tomorrow": _("завтра"), "announced": _("после предупреждения")}
_FIELDS = {
    "name": _("Имя"),
    "kind": _("Вид"),
    "email": _("Почта"),
    "phone": _("Телефон"),
    "inn": _("ИНН"),
    "kpp": _("КПП"),
}
_PERIODS = {"day": _("день"), "week": _("неделя"), "month": _("месяц"), "year": _("год")}


def details_of(entry: Entry) -> list[tuple[str, str]]:
    """(name, text) of each detail that says something: «Действует → Приостановлен» for what was changed."""
    return [(detail_name(name), _told(entry, name, value)) for name, value in entry.details.items() if _says(value)]


def detail_name(name: str) -> str:
    """«Состояние»; a detail without words is shown as it is."""
    return str(_NAMES.get(name, name))


def _says(value: object) -> bool:
    pair = _change(value)
    return pair[0] != pair[1] if pair else value is not None and value != ""


def _told(entry: Entry, name: str, value: object) -> str:
    pair = _change(value)
    if pair:
        return " → ".join(_one(entry, name, part) for part in pair)
    if isinstance(value, list):
        return ", ".join(_one(entry, name, item) for item in value)
    return _one(entry, name, value)


def _change(value: object) -> tuple[object, object] | None:
    if isinstance(value, dict) and set(value) == {"before", "after"}:
        return value["before"], value["after"]
    return None


def _one(entry: Entry, name: str, value: object) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return gettext("да") if value else gettext("нет")
    if name.endswith("kopecks") and isinstance(value, int):
        return money(value)
    text = str(value)
    if name.endswith("_on"):
        return date_text(date.fromisoformat(text))
    return str(_vocabulary(entry, name).get(text, text))


def _vocabulary(entry: Entry, name: str) -> dict[str, str]:
    if name == "status":
        return {key: found.text for key, found in WORDS.get(entry.subject_kind, {}).items()}
    if name == "conditions":
        return {field.name: str(field.label.text) for field in PaymentsForm()}
    if name == "oddity":
        return {key: str(words[0]) for key, words in ODDITIES.items()}
    return {"role": ROLE_WORDS, "period_unit": _PERIODS, "fields": _FIELDS, "kind": KINDS, "way": _WAYS}.get(name, {})
