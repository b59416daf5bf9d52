"""What goes on at this moment on the page of the proof: a reading, and what somebody has just asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kernel.clock import by_business_clock, real_now
from kernel.db import ReadSession, Session
from portal.web.kit.filters import date_text, time_text
from portal.web.kit.i18n import gettext as _
from portal.web.staff.queries.proving import read_proving

# What a worker has not taken up by then it will not: the page of jobs tells why.
_PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Progress:
    """What goes on, and the line below it."""

    title: str
    text: str


def what_goes_on(session: ReadSession | Session) -> Progress | None:
    """None when nothing does."""
    it = read_proving(session)
    if it.reading:
        began = {"at": time_text(by_business_clock(it.reading.begun_at)), "since": date_text(it.reading.since_at)}
        said = _("Начали в %(at)s, читаем платежи и возвраты с %(since)s. Страница обновится сама.") % began
        return Progress(_("Читаем списки ЮKassa…"), said)
    if it.asked_at is None or it.asked_at < real_now() - _PATIENCE:
        return None
    if it.examined_at and it.examined_at >= it.asked_at:
        return None
    if it.read_at and it.read_at >= it.asked_at:
        return Progress(
            _("Проверяем учёт…"), _("Со списками закончили. Если это дольше минуты, посмотрите страницу «Задания».")
        )
    said = _("Ждём рабочий процесс. Если это дольше минуты, посмотрите страницу «Задания».")
    return Progress(_("Сверка сейчас начнётся…"), said)
