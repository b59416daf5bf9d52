"""What the pages call the mirror's objects and states."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from crm_sync.port import COMMENT, COMPANY, CONTACT, DEAL, INVOICE, LOG, PAYMENT, REQUISITE
from kernel import log
from portal.web.kit.filters import money
from portal.web.kit.i18n import lazy_gettext as _

KINDS = {
    CONTACT: _("Контакт"),
    COMPANY: _("Компания"),
    REQUISITE: _("Реквизиты"),
    DEAL: _("Сделка"),
    INVOICE: _("Счёт"),
    PAYMENT: _("Платёж"),
    COMMENT: _("Комментарий в сделке"),
    LOG: _("Запись в ленте сделки"),
}
STATUSES = {
    "waiting": _("Ждёт очереди"),
    "uncertain": _("Проверяем, создано ли"),
    "blocked": _("Ждёт связанного"),
    "parked": _("Ждёт решения"),
}
_FIELDS = {
    "name": _("Имя"),
    "phone": _("Телефон"),
    "email": _("Почта"),
    "inn": _("ИНН"),
    "kpp": _("КПП"),
    "owner_kind": _("Чьи реквизиты"),
    "title": _("Название"),
    "text": _("Текст"),
    "number": _("Номер"),
    "contract": _("Договор"),
    "kopecks": _("Сумма"),
    "debt_kopecks": _("Долг"),
    "stage": _("Стадия"),
    "autopay": _("Автоплатёж"),
    "begins_on": _("Начало"),
    "next_on": _("Следующий платёж"),
    "due_on": _("Оплатить до"),
    "paid_at": _("Оплачен"),
    "method": _("Способ оплаты"),
    "reason": _("Причина отказа"),
    "aggregator": _("Платёжный сервис"),
    "gateway_id": _("Номер в ЮKassa"),
    "url": _("Ссылка"),
}
TONES = {"waiting": "neutral", "uncertain": "warn", "blocked": "neutral", "parked": "danger"}
_PAGES = {
    CONTACT: "/staff/customers/{id}",
    COMPANY: "/staff/customers/{id}",
    REQUISITE: "/staff/customers/{id}",
    DEAL: "/staff/contracts/{id}",
    INVOICE: "/staff/invoices/{id}",
    PAYMENT: "/staff/payments/{id}",
}


def payload_lines(payload: Mapping[str, object]) -> list[tuple[str, str]]:
    """What was sent, field by field, as the list of errors tells it; whose it is was hidden when it was kept."""
    return [(str(_FIELDS.get(name, name)), _told(name, value)) for name, value in payload.items()]


def page_of_object(kind: str, local_id: UUID) -> str:
    """The desk's page about an object; empty when it has none of its own."""
    return _PAGES.get(kind, "").format(id=local_id)


def _told(name: str, value: object) -> str:
    if value is None:
        return "—"
    if value == log.HIDDEN:
        return str(_("скрыто"))
    return money(value) if name.endswith("kopecks") and isinstance(value, int) else str(value)
