"""Statuses in words: one table for pages, letters and exports. A test holds it to the database's own lists."""

from __future__ import annotations

from typing import Literal, NamedTuple

from portal.web.kit.i18n import lazy_gettext as _

Tone = Literal["", "ok", "warn", "danger", "brand"]


class Word(NamedTuple):
    """What to call a status and the tone that repeats it."""

    text: str
    tone: Tone


WORDS: dict[str, dict[str, Word]] = {
    "payment": {
        "created": Word(_("Создан"), ""),
        "sending": Word(_("Отправляем в банк"), "warn"),
        "unknown": Word(_("Уточняем у банка"), "warn"),
        "pending": Word(_("Ждём банк"), "warn"),
        "waiting_for_capture": Word(_("Ждём подтверждения"), "warn"),
        "succeeded": Word(_("Оплачен"), "ok"),
        "canceled": Word(_("Не прошёл"), "danger"),
        "rejected": Word(_("Не отправлен"), ""),
    },
    "invoice": {
        "draft": Word(_("Черновик"), ""),
        "open": Word(_("Ждёт оплаты"), "warn"),
        "paid": Word(_("Оплачен"), "ok"),
        "void": Word(_("Аннулирован"), ""),
        "written_off": Word(_("Признан безнадёжным"), ""),
    },
    "installment": {
        "planned": Word(_("По плану"), ""),
        "invoiced": Word(_("Выставлен счёт"), "brand"),
        "paid": Word(_("Оплачен"), "ok"),
        "void": Word(_("Отменён"), ""),
        "skipped": Word(_("Пропущен"), ""),
    },
    "contract": {
        "draft": Word(_("Черновик"), ""),
        "active": Word(_("Действует"), "ok"),
        "suspended": Word(_("Приостановлен"), "warn"),
        "ended": Word(_("Завершён"), ""),
    },
    "autopay": {
        "active": Word(_("Автоплатёж включён"), "ok"),
        "paused": Word(_("Автоплатёж на паузе"), "warn"),
        "suspended": Word(_("Автоплатёж приостановлен"), "warn"),
        "withdrawn": Word(_("Автоплатёж отключён"), ""),
        "ended": Word(_("Автоплатёж завершён"), ""),
    },
    "message": {
        "queued": Word(_("В очереди"), ""),
        "sending": Word(_("Отправляется"), "brand"),
        "uncertain": Word(_("Уточняем доставку"), "warn"),
        "sent": Word(_("Отправлено"), "ok"),
        "failed": Word(_("Не отправлено"), "danger"),
    },
    "webhook": {
        "new": Word(_("В очереди"), ""),
        "done": Word(_("Учтено"), "ok"),
        "ignored": Word(_("Ничего не изменило"), ""),
        "forged": Word(_("Не подтверждено"), "danger"),
    },
}


def word(kind: str, status: str) -> Word:
    """The word and tone of a status.

    Raises:
        KeyError: the table does not know this kind or status.
    """
    return WORDS[kind][status]
