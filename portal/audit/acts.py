"""Every act that the audit log knows, in words, and every kind of object, with its page. One line each.

An act is named `object.what_was_done`; recording one that is not here is a bug, and fails at once.
"""

from __future__ import annotations

from portal.web.kit.i18n import lazy_gettext as _

ACTS: dict[str, str] = {
    "autopay.paused": _("Автоплатёж приостановлен"),
    "autopay.resumed": _("Автоплатёж возобновлён"),
    "charge.retried": _("Списание повторено"),
    "charging.paused": _("Списания приостановлены"),
    "charging.resumed": _("Списания возобновлены"),
    "contract.ended": _("Договор завершён"),
    "contract.opened": _("Договор создан"),
    "contract.resumed": _("Договор возобновлён"),
    "contract.suspended": _("Договор приостановлен"),
    "customer.added": _("Клиент добавлен"),
    "customer.changed": _("Данные клиента изменены"),
    "delivery.repeated": _("Событие отправлено на обработку ещё раз"),
    "installment.skipped": _("Опоздавшее списание пропущено"),
    "invoice.issued": _("Счёт выставлен"),
    "invoice.link_made": _("Ссылка на оплату создана"),
    "invoice.link_replaced": _("Ссылка на оплату заменена"),
    "invoice.sent": _("Счёт отправлен письмом"),
    "invoice.voided": _("Счёт аннулирован"),
    "letter.repeated": _("Письмо отправлено ещё раз"),
    "note.reworded": _("Заметка изменена"),
    "note.taken_back": _("Заметка удалена"),
    "note.written": _("Заметка написана"),
    "payment.asked": _("ЮKassa спрошена об исходе платежа"),
    "payment.reviewed": _("Платёж, пришедший не так, как просили, разобран"),
    "payments.exported": _("Платежи выгружены в файл"),
    "price.added": _("Цена добавлена"),
    "price.sale_changed": _("Продажа по цене включена или снята"),
    "product.added": _("Услуга добавлена"),
    "product.changed": _("Услуга изменена"),
    "product.sale_changed": _("Продажа услуги включена или снята"),
    "sync.created_anew": _("Объект создаётся в CRM заново"),
    "sync.customer_rewritten": _("Клиент отправлен в CRM заново"),
    "sync.probed": _("Проверена связь с CRM"),
    "sync.repeated": _("Обмен с CRM повторён"),
    "user.authenticator_added": _("Второй шаг входа включён"),
    "user.authenticator_removed": _("Второй шаг входа отключён"),
    "user.authenticator_replaced": _("Приложение с кодами заменено"),
    "user.authenticator_reset": _("Второй шаг входа сброшен"),
    "user.backup_codes_replaced": _("Запасные коды выпущены заново"),
    "user.invited": _("Сотрудник приглашён"),
    "user.let_in": _("Доступ открыт снова"),
    "user.password_changed": _("Пароль изменён"),
    "user.role_changed": _("Роль изменена"),
    "user.sessions_ended": _("Вход на других устройствах завершён"),
    "user.shut_out": _("Доступ закрыт"),
    "user.signed_in": _("Вход на рабочее место"),
    "user.signed_out": _("Выход с рабочего места"),
}

# What the object is called, and where it is shown: `{id}` stands for its id, an empty address for no page of its own.
SUBJECTS: dict[str, tuple[str, str]] = {
    "contract": (_("Договор"), "/staff/contracts/{id}"),
    "customer": (_("Клиент"), "/staff/customers/{id}"),
    "delivery": (_("Событие"), "/staff/deliveries"),
    "export": (_("Выгрузка"), "/staff/exports"),
    "installation": (_("Кабинет"), "/staff"),
    "installment": (_("Платёж по графику"), ""),
    "invoice": (_("Счёт"), "/staff/invoices/{id}"),
    "message": (_("Письмо"), "/staff/messages/{id}"),
    "payment": (_("Платёж"), "/staff/payments/{id}"),
    "price": (_("Цена"), "/staff/services"),
    "product": (_("Услуга"), "/staff/services"),
    "sync_job": (_("Обмен с CRM"), "/staff/sync"),
    "user": (_("Сотрудник"), "/staff/users/{id}"),
}
