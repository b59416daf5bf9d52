"""The gateway's raw words in Russian: its notifications, our verdicts on them, and its answers to our calls."""

from __future__ import annotations

from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.words import WORDS

_EVENTS = {
    "payment.succeeded": _("Платёж прошёл"),
    "payment.canceled": _("Платёж отменён"),
    "payment.waiting_for_capture": _("Платёж ждёт подтверждения"),
    "payment_method.active": _("Способ оплаты сохранён"),
    "refund.succeeded": _("Возврат прошёл"),
    "payout.succeeded": _("Выплата прошла"),
    "payout.canceled": _("Выплата отменена"),
    "deal.closed": _("Сделка закрыта"),
}
# As payments.webhooks writes them down; what follows a colon is the gateway's own word.
_VERDICTS = {
    "учтено": _("Исход записан по ответу ЮKassa"),
    "уже учтено": _("Об этом мы уже знали"),
    "событие не о платеже": _("Это событие не о платеже"),
    "платёж не из кабинета": _("Этот платёж создан не здесь"),
    "платёж другого магазина, режима или валюты": _("Платёж другого магазина, режима или валюты"),
    "касса не знает такого платежа": _("ЮKassa не знает такого платежа"),
    "касса говорит": _("ЮKassa говорит иное: «%(state)s»"),
    "касса не ответила": _("ЮKassa пока не ответила: %(outcome)s"),
    "касса не ответила за три дня": _("ЮKassa не ответила за три дня: %(outcome)s"),
}
# Why a request was not taken in, and what to do if it was the gateway's own.
_REFUSALS = {
    "secret": (_("Неверный секрет в адресе"), _("Если это ЮKassa, сверьте адрес уведомлений в её личном кабинете")),
    "address": (_("Не из сетей ЮKassa"), _("Если это адрес вашего прокси, назовите его в KABINET_TRUSTED_PROXIES")),
    "body": (_("Не похоже на уведомление"), _("Секрет и сеть верны, но содержимое не читается: подробности в журнале")),
}
_VERBS = {"send": _("Отправка"), "look": _("Вопрос о платеже")}
_OUTCOMES = {
    "unknown": _("ответа нет или он неясен"),
    "not_executed": _("запрос не выполнен"),
    "credentials_refused": _("ключ магазина не принят"),
    "rejected": _("запрос отклонён"),
    "not_found": _("такого платежа нет"),
}


def event_name(event: str) -> str:
    """What a notification says has happened; one that the gateway invented since speaks for itself."""
    return str(_EVENTS.get(event, event))


def verdict_name(verdict: str) -> str:
    """What became of a notification."""
    head, colon, tail = verdict.partition(": ")
    words = _VERDICTS.get(head)
    if words is None:
        return verdict
    return str(words) % {"state": state_name(tail), "outcome": _outcome_name(tail)} if colon else str(words)


def refusal_words(reason: str) -> tuple[str, str]:
    """Why notifications were not taken in, and what to do about it."""
    why, what_to_do = _REFUSALS[reason]
    return str(why), str(what_to_do)


def call_name(verb: str, outcome: str) -> str:
    """«Отправка: «Не прошёл»»: what we called the gateway for, and what it answered."""
    # "unknown" and "rejected" are also statuses of ours, but here they are outcomes of the call.
    answer = _outcome_name(outcome) if outcome in _OUTCOMES else f"«{state_name(outcome)}»"
    return f"{_VERBS.get(verb, verb)}: {answer}"


def state_name(status: str) -> str:
    """A payment's status at the gateway."""
    known = WORDS["payment"].get(status)
    return str(known.text) if known else status


def _outcome_name(outcome: str) -> str:
    return str(_OUTCOMES.get(outcome, outcome or gettext("не указано")))
