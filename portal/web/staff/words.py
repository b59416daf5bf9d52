"""What the desk calls things that have no status word: ways to pay, sources, consents, advances, pauses."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from payments.contracts.periods import Unit
from payments.installation.pausing import DAILY_LIMIT
from portal.notifications.method_words import Method
from portal.notifications.period_words import period_words
from portal.web.kit.filters import datetime_text
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.staff.queries.retries import TIMED

ADVANCES = {
    "on_payment": _("Следующая дата появляется после оплаты"),
    "by_calendar": _("По календарю: неоплаченное копится"),
}
INITIATORS = {"customer": _("Клиент сам"), "schedule": _("Автоплатёж"), "gateway": _("Найден в ЮKassa")}
METHODS = {
    "bank_card": _("Карта"),
    "sbp": _("СБП"),
    "yoo_money": _("Кошелёк ЮMoney"),
    "sberbank": "SberPay",
    "tinkoff_bank": "T-Pay",
}
# Under a heading that says «Автоплатёж» already.
AUTOPAYS = {
    "active": _("Включён"),
    "paused": _("На паузе"),
    "suspended": _("Приостановлен"),
    "withdrawn": _("Отключён"),
    "ended": _("Завершён"),
}
CONSENTS = {
    "offer": _("Публичная оферта"),
    "personal_data": _("Обработка данных"),
    "marketing": _("Рассылка"),
    "recurring": _("Автоплатёж"),
}
_SOURCES = {
    "answer": _("ответ ЮKassa"),
    "webhook": _("уведомление ЮKassa"),
    "poller": _("опрос ЮKassa"),
    "list": _("список платежей ЮKassa"),
    "return": _("страница возврата"),
    "reconcile": _("сверка с ЮKassa"),
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
    "recall": _("после восстановления из копии"),
}
_PAUSES = {
    "credentials_refused": _("ЮKassa не приняла ключ магазина"),
    DAILY_LIMIT: _("достигнут дневной предел списаний"),
    "charging_forbidden": _("ЮKassa не разрешает магазину автоплатежи. Подключите их у менеджера ЮKassa"),
}
_PARTIES = {
    "merchant": _("магазин"),
    "yoo_money": _("ЮKassa"),
    "payment_network": _("банк или система карт"),
}
# Why a declined charge will not be tried again, or not yet: the states of `queries.retries`.
_NO_RETRY = {
    "paid": _("не нужна, счёт оплачен"),
    "skipped": _("не будет, списание пропустили"),
    "void": _("не будет, счёт аннулирован"),
    "written_off": _("не будет, долг признан безнадёжным"),
    "ended": _("не будет, договор завершён"),
    "contract": _("не раньше, чем договор снова начнёт действовать"),
    "withdrawn": _("не будет, автоплатёж отключён"),
    "paused": _("не раньше, чем автоплатёж снимут с паузы"),
    "suspended": _("не будет, пока у автоплатежа нет рабочей карты"),
    "other": _("не раньше, чем закончится другой платёж по счёту"),
    "stopped": _("не раньше, чем списания возобновят"),
    "unheard": _("не раньше, чем уйдёт новое предупреждение"),
    "none": _("не назначена"),
}


def method_name(kind: str | None, last4: str | None) -> str:
    """«Карта •• 4477»; a dash while nobody knows how it will be paid."""
    if kind is None:
        return "—"
    name = Method(kind, last4).name
    return name[:1].upper() + name[1:]


def period_name(unit: str | None, count: int | None) -> str:
    """«каждый месяц»; «один раз» for a one-off."""
    return period_words(cast("Unit", unit), count or 1) if unit else gettext("один раз")


def retry_name(retry: str | None, at: datetime | None) -> str:
    """«23 января 2027, 00:10», or why there is no next attempt; empty where none was planned."""
    if retry in TIMED and at:
        return datetime_text(at)
    return str(_NO_RETRY[retry]) if retry else ""


def source_name(source: str) -> str:
    """«Ответ ЮKassa»: on whose word a status changed; an unknown source speaks for itself."""
    name = str(_SOURCES.get(source.partition(":")[0], source))
    return name[:1].upper() + name[1:]


def pause_name(reason: str | None) -> str:
    """Why charging is paused: a known cause in words, a person's own words as they are."""
    return str(_PAUSES.get(reason or "", reason or gettext("причина не указана")))


def party_name(party: str | None) -> str:
    """Who said no."""
    return str(_PARTIES.get(party or "", party or gettext("не указано")))
