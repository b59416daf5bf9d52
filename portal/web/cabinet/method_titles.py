"""A way of paying as a heading: «Карта •• 4477»."""

from __future__ import annotations

from portal.notifications.method_words import Method
from portal.web.kit.filters import card
from portal.web.kit.i18n import gettext as _


def method_title(kind: str, last4: str | None) -> str:
    """«Карта •• 4477», «Счёт в СБП», «SberPay»."""
    name = Method(kind, last4).name
    return name[:1].upper() + name[1:]


def paid_how(kind: str | None, last4: str | None, *, scheduled: bool) -> str:
    """How a payment was made, for a narrow column; nothing while nobody knows yet."""
    if scheduled:
        return f"{_('Автоплатёж')} {card(last4)}" if last4 else _("Автоплатёж")
    return method_title(kind, last4) if kind else ""
