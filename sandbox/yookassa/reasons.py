"""Why a payment or a refund is canceled, and on whose side."""

from __future__ import annotations

from sandbox.yookassa.records import Json

_BY_NETWORK = (
    "3d_secure_failed",
    "call_issuer",
    "card_expired",
    "fraud_suspected",
    "general_decline",
    "insufficient_funds",
    "invalid_card_number",
    "invalid_csc",
    "issuer_unavailable",
    "payment_method_limit_exceeded",
    "payment_method_restricted",
    "permission_revoked",
)
_BY_GATEWAY = (
    "country_forbidden",
    "identification_required",
    "internal_timeout",
    "rejected_by_timeout",
    "expired_on_confirmation",
    "expired_on_capture",
    "deal_expired",
    "unsupported_mobile_operator",
)

PARTIES = (
    dict.fromkeys(_BY_NETWORK, "payment_network")
    | dict.fromkeys(_BY_GATEWAY, "yoo_money")
    | {"canceled_by_merchant": "merchant"}
)

CHARGE_REASONS = (
    *_BY_NETWORK,
    "country_forbidden",
    "identification_required",
    "internal_timeout",
    "rejected_by_timeout",
)

REFUND_REASONS = (
    "general_decline",
    "insufficient_funds",
    "rejected_by_payee",
    "rejected_by_timeout",
    "yoo_money_account_closed",
    "payment_expired",
)

WORDS = {
    "3d_secure_failed": "не пройдена проверка 3-D Secure",
    "call_issuer": "банк просит позвонить",
    "card_expired": "срок карты истёк",
    "country_forbidden": "карта выпущена в другой стране",
    "fraud_suspected": "подозрение на мошенничество",
    "general_decline": "банк отказал без объяснений",
    "identification_required": "нужно подтвердить кошелёк",
    "insufficient_funds": "не хватает денег",
    "internal_timeout": "ЮKassa не успела ответить",
    "invalid_card_number": "номер карты недействителен",
    "invalid_csc": "неверный код с оборота",
    "issuer_unavailable": "банк недоступен",
    "payment_method_limit_exceeded": "исчерпан лимит карты",
    "payment_method_restricted": "операции по карте запрещены",
    "permission_revoked": "плательщик отозвал разрешение",
    "rejected_by_timeout": "время ожидания вышло",
    "expired_on_confirmation": "не оплачен вовремя",
    "expired_on_capture": "не подтверждён вовремя",
    "canceled_by_merchant": "отменён магазином",
}


def cancellation(reason: str, party: str | None = None) -> Json:
    """The `cancellation_details` object; an unlisted reason is laid to the payment network."""
    return {"party": party or PARTIES.get(reason, "payment_network"), "reason": reason}
