"""Kinds of letters in words, and which of them nobody but their reader may see again."""

from __future__ import annotations

from portal.web.kit.i18n import lazy_gettext as _

# They hold a personal link: whoever reads it can act in the reader's name.
PRIVATE_KINDS = ("confirm_email", "reset_password", "confirm_new_email", "staff_invited")

KINDS: dict[str, str] = {
    "charge_announced": _("Предупреждение о списании"),
    "charge_called_off": _("Списания не будет"),
    "invoice_issued": _("Счёт"),
    "invoice_voided": _("Счёт аннулирован"),
    "payment_succeeded": _("Оплата прошла"),
    "payment_declined": _("Оплата не прошла"),
    "autopay_activated": _("Автоплатёж включён"),
    "autopay_stopped": _("Автоплатёж отключён"),
    "method_unlinked": _("Способ оплаты отвязан"),
    "confirm_email": _("Подтверждение почты"),
    "already_registered": _("Повторная регистрация"),
    "reset_password": _("Сброс пароля"),
    "password_changed": _("Пароль изменён"),
    "email_changed_old": _("Почта изменена"),
    "staff_invited": _("Приглашение сотрудника"),
    "second_factor_changed": _("Второй шаг входа изменён"),
    "confirm_new_email": _("Подтверждение новой почты"),
    "check_broken": _("Проверка учёта не сошлась"),
    "charging_paused": _("Автосписания остановлены"),
    "charger_stands": _("Списания не запускаются"),
    "charger_goes": _("Списания снова запускаются"),
}


def kind_words(kind: str) -> str:
    """«Предупреждение о списании»; a kind that has no words yet is shown as it is."""
    return str(KINDS.get(kind, kind))
