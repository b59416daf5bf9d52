"""Why a payment ended without money, in the reader's words: one table for letters, the cabinet and the staff desk."""

from __future__ import annotations

from typing import NamedTuple

from portal.web.kit.i18n import lazy_gettext as _


class Reason(NamedTuple):
    """What happened (no full stop) and what the customer can do about it (whole sentences)."""

    what: str
    todo: str


# The customer opened the gateway's page and left it.
EXPIRED = "expired_on_confirmation"
_OTHER_CARD = _("Заплатите другой картой.")
_START_AGAIN = _("Начните оплату заново.")
_TEMPORARY = _("Это временная неполадка, с картой всё в порядке.")

# The gateway's reasons: YooKassa API v3, cancellation_details.reason.
REASONS: dict[str, Reason] = {
    "insufficient_funds": Reason(_("На счёте не хватило денег"), _("Пополните счёт или заплатите другой картой.")),
    "issuer_unavailable": Reason(_("Банк, выпустивший карту, не ответил"), _TEMPORARY),
    "internal_timeout": Reason(_("Платёж не успел пройти вовремя"), _TEMPORARY),
    "rejected_by_timeout": Reason(_("Платёж не успел пройти вовремя"), _TEMPORARY),
    "payment_method_limit_exceeded": Reason(
        _("Превышен лимит платежей по карте"), _("Увеличьте лимит в приложении банка или заплатите другой картой.")
    ),
    "general_decline": Reason(
        _("Банк отклонил платёж и не назвал причину"), _("Узнайте причину в своём банке или заплатите другой картой.")
    ),
    "call_issuer": Reason(
        _("Банк отклонил платёж и просит с ним связаться"),
        _("Позвоните в банк по номеру на обороте карты или заплатите другой картой."),
    ),
    "fraud_suspected": Reason(
        _("Банк счёл платёж подозрительным и заблокировал его"),
        _("Позвоните в банк по номеру на обороте карты или заплатите другой картой."),
    ),
    "payment_method_restricted": Reason(
        _("Банк запретил платежи этой картой"),
        _("Проверьте карту в приложении банка. Чтобы платить дальше, привяжите другую."),
    ),
    "card_expired": Reason(_("Срок действия карты истёк"), _("Чтобы платить дальше, привяжите новую карту.")),
    "invalid_card_number": Reason(
        _("Карта с таким номером больше не действует"), _("Чтобы платить дальше, привяжите новую карту.")
    ),
    "invalid_csc": Reason(_("Код с обратной стороны карты введён неверно"), _("Повторите оплату и проверьте код.")),
    "permission_revoked": Reason(
        _("Разрешение на автоплатёж отозвано в банке"),
        _("Сами мы больше ничего не спишем. Чтобы снова включить автоплатёж, оплатите счёт и дайте новое согласие."),
    ),
    "3d_secure_failed": Reason(
        _("Платёж не подтверждён в банке"), _("Повторите оплату и подтвердите её кодом из банка.")
    ),
    "country_forbidden": Reason(
        _("Картой, выпущенной в этой стране, заплатить нельзя"), _("Заплатите картой российского банка.")
    ),
    "identification_required": Reason(
        _("Превышены ограничения кошелька ЮMoney"),
        _("Пройдите идентификацию в ЮMoney или заплатите банковской картой."),
    ),
    EXPIRED: Reason(_("Оплату начали, но не подтвердили вовремя"), _START_AGAIN),
    "expired_on_capture": Reason(
        _("Мы не завершили платёж вовремя"), _("Если банк придержал деньги, они вернутся сами. Начните оплату заново.")
    ),
    "canceled_by_merchant": Reason(_("Мы отменили этот платёж"), _("Если вы этого не ждали, напишите нам.")),
    "unsupported_mobile_operator": Reason(
        _("Ваш оператор связи не принимает такие платежи"), _("Заплатите банковской картой.")
    ),
    "deal_expired": Reason(_("Время, отведённое на сделку, вышло"), _START_AGAIN),
    "loan_declined": Reason(_("Банк не одобрил покупку в кредит"), _OTHER_CARD),
    "loan_declined_by_payer": Reason(_("От покупки в кредит отказались"), _START_AGAIN),
    "loan_application_expired": Reason(_("Заявку на кредит не подтвердили вовремя"), _START_AGAIN),
}

# Our own reasons: the charge was held back before anything was sent.
HELD_BACK: dict[str, Reason] = {
    "withdrawn": Reason(_("Автоплатёж отключён, списание не отправлено"), _("Оплатить счёт можно самостоятельно.")),
    "invoice_closed": Reason(_("Счёт уже закрыт, списание не отправлено"), _("Делать ничего не нужно.")),
    "method_disabled": Reason(_("Карта больше не действует, списание не отправлено"), _("Привяжите другую карту.")),
    "paid_by_hand": Reason(
        _("Счёт начали оплачивать самостоятельно, автоматическое списание не отправлено"),
        _("Если оплата не завершится, мы спишем деньги с привязанной карты."),
    ),
    "over_limit": Reason(
        _("Сумма больше той, на которую вы согласились; списание не отправлено"),
        _("Оплатить счёт можно самостоятельно."),
    ),
    "partly_paid": Reason(
        _("Часть этого счёта уже оплачена, списание не отправлено"), _("Остаток можно оплатить самостоятельно.")
    ),
    "other_shop": Reason(
        _("Карта сохранена в прежнем магазине ЮKassa, списание не отправлено"),
        _("Оплатите счёт самостоятельно. Чтобы дальше списывали мы, добавьте карту заново."),
    ),
    "no_notice": Reason(
        _("Мы не успели предупредить о списании и не отправили его"), _("Предупредим заново и назовём новую дату.")
    ),
    "stale": Reason(
        _("Списание задержалось больше чем на три дня, и мы его не отправили"),
        _("Предупредим заново и назовём новую дату."),
    ),
    "gateway_rejected": Reason(
        _("Платёжная система не приняла запрос"), _("Попробуйте ещё раз; если не получится, обратитесь к нам.")
    ),
    "given_up": Reason(
        _("Платёжная система несколько дней не принимала запрос"), _("Оплатите счёт самостоятельно или напишите нам.")
    ),
    "abandoned": Reason(_("Оплату начали, но страница оплаты не открылась"), _("Начните оплату заново.")),
    "not_created": Reason(_("Запрос не дошёл до платёжной системы"), _("Начните оплату заново.")),
    "twin": Reason(_("Банк показал этот платёж дважды"), _("Мы проверяем, второй раз деньги не нужны.")),
}

# Here something had been sent, or was to be again and again, and no other letter tells of it.
TOLD = frozenset({"gateway_rejected", "given_up"})

UNKNOWN = Reason(_("Банк отклонил платёж"), _("Узнайте причину в своём банке или заплатите другой картой."))


def reason_words(code: str | None) -> Reason:
    """What to tell the customer; a reason that the gateway invented since gets the words of a plain refusal."""
    return REASONS.get(code or "") or HELD_BACK.get(code or "") or UNKNOWN


def reason_for_staff(code: str | None) -> str:
    """The same in one line, with the raw code of a reason that has no words yet."""
    words = reason_words(code)
    return f"{words.what} ({code})" if code and words is UNKNOWN else f"{words.what}"
