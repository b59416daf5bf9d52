"""Payments whose money came otherwise than it was asked for: what to do about each, and the end of it."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from payments.charging import oddities
from payments.charging.oddities import review_oddity
from portal.audit.recording import record_act
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.routing import Db, Router
from portal.web.staff.payments_filter import LIST
from portal.web.staff.roles import MoneyReviewer

router = Router()
WORDS = {
    oddities.QUARANTINED: (
        _("Деньги не записаны: ЮKassa называет другой магазин, режим или валюту"),
        _("Сверьте ключи магазина в настройках и найдите этот платёж в личном кабинете ЮKassa."),
    ),
    oddities.CONTRADICTED: (
        _("ЮKassa говорит, что прошедший платёж отменён"),
        _("У нас он прошёл, и деньги записаны. Проверьте его в личном кабинете ЮKassa; если денег нет, напишите туда."),
    ),
    oddities.NOT_CAPTURED: (
        _("Деньги придержаны, но не списаны"),
        _("Такой оплаты мы не просили. Подтвердите или отмените этот платёж в личном кабинете ЮKassa."),
    ),
    oddities.OTHER_AMOUNT: (
        _("Пришла не та сумма, которую мы просили"),
        _("Записано столько, сколько пришло. Если счёт не закрыт, остаток мы попросили у клиента письмом."),
    ),
    oddities.SURPLUS: (
        _("Пришло больше, чем оставалось по счёту"),
        _("Лишнее записано клиенту в аванс. Договоритесь с ним: вернуть деньги в личном кабинете ЮKassa или зачесть."),
    ),
}


class OddityWords(NamedTuple):
    """What happened, and what somebody has to do about it."""

    what: str
    todo: str


def oddity_words(oddity: str | None) -> OddityWords | None:
    """None for a payment that is as it should be."""
    return OddityWords(*map(str, WORDS[oddity])) if oddity in WORDS else None


@router.post(LIST + "/{payment_id}/review", name="staff.payments.review")
def review(request: Request, payment_id: UUID, staff: MoneyReviewer, db: Db) -> Response:
    """The employee has seen to it; the payment needs nobody any more.

    Raises:
        NotFound: no such payment.
    """
    oddity = review_oddity(db, payment_id, by=staff.user_id)
    if oddity:
        record_act(db, staff, "payment.reviewed", "payment", payment_id, request=request, details={"oddity": oddity})
    return go_to(request, f"{LIST}/{payment_id}", say=gettext("Отмечено: платёж разобран"))
