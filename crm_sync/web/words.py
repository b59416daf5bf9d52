"""What the pages call the mirror's objects and states."""

from __future__ import annotations

from uuid import UUID

from crm_sync.port import COMMENT, COMPANY, CONTACT, DEAL, INVOICE, LOG, PAYMENT, REQUISITE
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
TONES = {"waiting": "neutral", "uncertain": "warn", "blocked": "neutral", "parked": "danger"}
_PAGES = {
    CONTACT: "/staff/customers/{id}",
    COMPANY: "/staff/customers/{id}",
    REQUISITE: "/staff/customers/{id}",
    DEAL: "/staff/contracts/{id}",
    PAYMENT: "/staff/payments/{id}",
}


def page_of_object(kind: str, local_id: UUID) -> str:
    """The desk's page about an object; empty when it has none of its own."""
    return _PAGES.get(kind, "").format(id=local_id)
