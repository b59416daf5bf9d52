"""Why a payment ended without money, also where the bank was never asked."""

from __future__ import annotations

from payments.charging.models import REJECTED
from portal.notifications.reasons import HELD_BACK, Reason, reason_words
from portal.web.kit.i18n import lazy_gettext as _

_NOT_SENT = Reason(
    _("Платёжная система не приняла запрос"), _("Попробуйте ещё раз; если не получится, обратитесь к нам.")
)
_OUR_OWN = {
    "abandoned": Reason(_("Оплату начали, но страница оплаты не открылась"), _("Начните оплату заново.")),
    "not_created": Reason(_("Запрос не дошёл до платёжной системы"), _("Начните оплату заново.")),
}


def why_no_money(status: str, reason: str | None) -> Reason:
    """What to tell about a payment that is canceled or rejected."""
    if status == REJECTED and reason not in HELD_BACK:
        return _OUR_OWN.get(reason or "", _NOT_SENT)
    return reason_words(reason)
