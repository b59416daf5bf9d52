"""What the desk calls things that have no status word: ways to pay, sources, consents, advances, pauses."""

from __future__ import annotations

from typing import cast

from payments.contracts.periods import Unit
from portal.notifications.method_words import Method
from portal.notifications.period_words import period_words
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _

ADVANCES = {
    "on_payment": _("Следующая дата появляется после оплаты"),
    "by_calendar": _("По календарю: неоплаченное копится"),
}
INITIATORS = {"customer": _("Клиент сам"), "schedule": _("Автоплатёж")}
# Under a heading that says «Автоплатёж» already.
AUTOPAYS = {
    "active": _("Включён"),
    "paused": _("На паузе"),
    "suspended": _("Приостановлен"),
    "withdrawn": _("Отключён"),
    "ended": _("Завершён"),
}
CONSENTS = {
    "offer": _("Договор-оферта"),
    "personal_data": _("Обработка данных"),
    "marketing": _("Рассылка"),
    "recurring": _("Автоплатёж"),
}
_SOURCES = {
    "answer": _("ответ кассы"),
    "webhook": _("уведомление кассы"),
    "poller": _("опрос кассы"),
    "list": _("список платежей кассы"),
    "return": _("страница возврата"),
    "reconcile": _("сверка с кассой"),
    "lease": _("ответ не дождались"),
    "permit": _("проверка перед отправкой"),
    "stop": _("остановка автоплатежа"),
    "payment": _("оплата"),
    "opened": _("создание"),
    "lapse": _("так и не оплачен"),
    "customer": _("клиент"),
    "staff": _("сотрудник"),
    "system": _("система"),
    "import": _("загрузка из файла"),
}
_PAUSES = {"credentials_refused": _("касса не приняла ключ магазина")}
_PARTIES = {
    "merchant": _("магазин"),
    "yoo_money": _("ЮKassa"),
    "payment_network": _("банк или платёжная система"),
}
_VERBS = {"send": _("Отправка"), "look": _("Запрос")}


def method_name(kind: str | None, last4: str | None) -> str:
    """«Карта •• 4477»; a dash while nobody knows how it will be paid."""
    if kind is None:
        return "—"
    name = Method(kind, last4).name
    return name[:1].upper() + name[1:]


def period_name(unit: str | None, count: int | None) -> str:
    """«каждый месяц»; «один раз» for a one-off."""
    return period_words(cast("Unit", unit), count or 1) if unit else gettext("один раз")


def source_name(source: str) -> str:
    """On whose word a status changed; an unknown source speaks for itself."""
    return str(_SOURCES.get(source.partition(":")[0], source))


def pause_name(reason: str | None) -> str:
    """Why charging is paused: a known cause in words, a person's own words as they are."""
    return str(_PAUSES.get(reason or "", reason or gettext("причина не указана")))


def party_name(party: str | None) -> str:
    """Who said no."""
    return str(_PARTIES.get(party or "", party or gettext("не указано")))


def verb_name(verb: str) -> str:
    """What a call to the gateway was for."""
    return str(_VERBS.get(verb, verb))
