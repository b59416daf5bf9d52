"""What the desk calls duties, waits and queues. A test holds the tables to what the parts bring."""

from __future__ import annotations

from portal.web.kit.i18n import lazy_gettext as _

DUTIES = {
    "issue_due": _("Выставить счета и предупредить о списаниях"),
    "create_due_payments": _("Начать списания"),
    "hint_created": _("Напомнить о неотправленных списаниях"),
    "expire_leases": _("Подобрать списания пропавших процессов"),
    "hint_due_checks": _("Спросить ЮKassa об исходах"),
    "hint_due_webhooks": _("Разобрать уведомления ЮKassa"),
    "rehint_deliveries": _("Обработать события"),
    "sweep_messages": _("Отправить письма"),
    "drop_abandoned": _("Закрыть брошенные оплаты"),
    "announce_untold": _("Предупредить о том, о чём ещё не предупредили"),
    "hint_reconciliation": _("Сверить платежи с ЮKassa"),
    "hint_examination": _("Проверить учёт"),
    "lapse_unpaid": _("Аннулировать неоплаченные покупки"),
    "sweep_exports": _("Сделать файлы выгрузок"),
    "drop_expired_exports": _("Удалить старые файлы"),
    "crm.hint_push": _("Передать изменения в CRM"),
    "crm.refresh_stale": _("Отметить просрочку в CRM"),
}
QUEUES = {
    "charge": _("Списания"),
    "lookup": _("Вопросы к ЮKassa"),
    "default": _("Письма и события"),
    "crm": _("Обмен с CRM"),
    "export": _("Выгрузки"),
    "reconcile": _("Сверка"),
}
PROCESSES = {"scheduler": _("Планировщик"), "relay": _("Раздача событий"), "worker": _("Рабочий процесс")}
