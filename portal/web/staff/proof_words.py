"""Differences in words: what happened, what to do about it, and what the button is called."""

from __future__ import annotations

from typing import NamedTuple

from payments.charging.models import SUCCEEDED, WAITING_FOR_CAPTURE
from payments.reconciliation import models as kinds
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.staff.gateway_words import state_name
from portal.web.staff.queries.proof import DifferenceRow

KINDS = {
    kinds.MISSING_HERE: _("Платежа у нас нет"),
    kinds.MISSING_THERE: _("Платежа нет в списке ЮKassa"),
    kinds.OTHER_SUM: _("Суммы не совпадают"),
    kinds.OTHER_STATUS: _("Исходы не совпадают"),
    kinds.FOREIGN: _("Платёж не из кабинета"),
    kinds.SECOND_SUCCESS: _("Счёт оплачен дважды"),
    kinds.REFUND: _("Возврат сделан в ЮKassa"),
}
RESOLUTIONS = {
    kinds.VANISHED: _("Сошлось само"),
    kinds.REPAIRED: _("Исправлено"),
    kinds.SEEN_TO: _("Разобрано сотрудником"),
}
READINGS = {kinds.RUNNING: _("Идёт"), kinds.DONE: _("Прочитано"), kinds.FAILED: _("Не вышло")}
# By what comes before the colon of `Reconciliation.error`.
_FAILURES = {
    "unknown": _("ЮKassa не ответила или ответила ошибкой"),
    "not_executed": _("До ЮKassa не удалось достучаться"),
    "credentials_refused": _("ЮKassa не приняла ключ магазина"),
    "rejected": _("ЮKassa отклонила запрос списка"),
    "not_found": _("ЮKassa не нашла того, что сама назвала"),
    "broken_list": _("Списку ЮKassa нельзя верить: в нём то, чего быть не может"),
    "database": _("База данных не смогла сравнить списки"),
}
_HELD = _("Деньги придержаны, но не списаны. Подтвердите или отмените этот платёж в личном кабинете ЮKassa.")
_PAID_ALREADY = _(
    "Счёт уже оплачен другим платежом. Учтите и этот: деньги станут авансом клиента, и вы решите с ним, вернуть их или "
    "зачесть."
)
_OTHER_SHOP = _(
    "Платёж прошёл через прежний магазин ЮKassa: с ключом нынешнего о нём не спросить. Проверьте его в кабинете прежнего "
    "магазина и отметьте разобранным."
)
_REFUNDED = _("Выполнен")
_TODO = {
    (kinds.MISSING_HERE, kinds.IMPORT): _(
        "Деньги пришли по нашему договору, а записи нет: так бывает, когда базу восстановили из копии. Учтите платёж, "
        "и второй раз за это не спишется."
    ),
    (kinds.MISSING_HERE, kinds.APPLY): _(
        "ЮKassa провела одну нашу попытку дважды. Учтите платёж: деньги станут авансом клиента."
    ),
    (kinds.MISSING_HERE, None): _(
        "Платёж назван нашим, а договора у нас нет: его открыли после того, как сделали копию базы. Найдите плательщика "
        "в личном кабинете ЮKassa, выставьте ему счёт и назовите его номер."
    ),
    (kinds.MISSING_THERE, None): _(
        "У нас этот платёж есть, а ЮKassa его не показывает. Проверьте, что в настройках ключ того же магазина, и "
        "найдите платёж по номеру в её личном кабинете. Если его там нет, напишите в ЮKassa."
    ),
    (kinds.OTHER_SUM, None): _(
        "Сверьте сумму в личном кабинете ЮKassa. Записи о деньгах не переписываются: разницу оформите счётом или "
        "решите с клиентом, потом отметьте разобранным."
    ),
    (kinds.OTHER_STATUS, kinds.APPLY): _("Запишем то, что говорит ЮKassa, так же, как по её уведомлению."),
    (kinds.OTHER_STATUS, None): _(
        "Проверьте платёж в личном кабинете ЮKassa. Если денег нет, а у нас они записаны, напишите в ЮKassa."
    ),
    (kinds.FOREIGN, kinds.IMPORT): _("По номеру и сумме подходит один открытый счёт. Учтите платёж за него."),
    (kinds.FOREIGN, None): _(
        "Если это деньги вашего клиента, назовите его открытый счёт: лишнее станет авансом. Если платёж принял ваш сайт "
        "или другая программа, отметьте его разобранным."
    ),
    (kinds.SECOND_SUCCESS, None): _(
        "Верните лишнее в личном кабинете ЮKassa или договоритесь с клиентом о зачёте, потом отметьте разобранным."
    ),
    (kinds.REFUND, None): _(
        "Возвраты кабинет пока не записывает: долг и аванс клиента не изменились. Учтите возврат в расчётах с ним, "
        "потом отметьте разобранным."
    ),
}


class Words(NamedTuple):
    """What happened, what to do, and what the button says, at length and in a table; empty where there is none.

    `ours` and `theirs` are the statuses of both sides, a dash where there is none.
    """

    what: str
    todo: str
    button: str
    short: str
    ours: str
    theirs: str


def tell(row: DifferenceRow) -> Words:
    """A difference in the reader's language."""
    theirs = _REFUNDED if row.kind == kinds.REFUND else _side(row.their_status)
    return Words(str(KINDS[row.kind]), _todo(row), _button(row), _short(row), _side(row.our_status), str(theirs))


def _todo(row: DifferenceRow) -> str:
    held = row.kind in (kinds.MISSING_HERE, kinds.FOREIGN) and row.their_status == WAITING_FOR_CAPTURE
    if row.other_shop:
        return str(_OTHER_SHOP)
    if row.repair == kinds.IMPORT and row.invoice_status == "paid":
        return str(_PAID_ALREADY)
    return str(_HELD if held and row.repair is None else _TODO[row.kind, row.repair])


def may_name_invoice(row: DifferenceRow) -> bool:
    """Whether a person may say which invoice this money is for."""
    takes_over = row.kind in (kinds.MISSING_HERE, kinds.FOREIGN) and row.payment_id is None
    return takes_over and row.their_status == SUCCEEDED and not row.other_shop


def failure_name(error: str) -> str:
    """Why a reading failed."""
    return str(_FAILURES.get(error.partition(":")[0], _("Сверка прервалась: рабочий процесс остановился")))


def _side(status: str | None) -> str:
    return state_name(status) if status else "—"


def _button(row: DifferenceRow) -> str:
    if row.repair is None:
        return ""
    if row.repair == kinds.APPLY and row.kind == kinds.OTHER_STATUS:
        return gettext("Записать, как в ЮKassa")
    if row.invoice_number:
        return gettext("Учесть за счёт № %(number)s") % {"number": row.invoice_number}
    return gettext("Учесть платёж")


def _short(row: DifferenceRow) -> str:
    if row.repair is None:
        return ""
    return gettext("Записать") if row.kind == kinds.OTHER_STATUS else gettext("Учесть")
