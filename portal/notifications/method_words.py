"""What to call a way of paying in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.kit.filters import card
from portal.web.kit.i18n import lazy_gettext as _

# Kind as the gateway names it: who pays (nominative), what the money is taken from (genitive).
_NAMES: dict[str, tuple[str, str]] = {
    "bank_card": (_("карта"), _("карты")),
    "sbp": (_("счёт в СБП"), _("счёта в СБП")),
    "yoo_money": (_("кошелёк ЮMoney"), _("кошелька ЮMoney")),
    "sberbank": ("SberPay", "SberPay"),
    "tinkoff_bank": ("T-Pay", "T-Pay"),
}
_OTHER = (_("сохранённый способ оплаты"), _("сохранённого способа оплаты"))


@dataclass(frozen=True, slots=True)
class Method:
    """A card or an account as people know it."""

    kind: str
    last4: str | None = None

    @property
    def name(self) -> str:
        """«карта •• 4477»."""
        return self._with_digits(_NAMES.get(self.kind, _OTHER)[0])

    @property
    def genitive(self) -> str:
        """«карты •• 4477», as in «спишем с карты •• 4477»."""
        return self._with_digits(_NAMES.get(self.kind, _OTHER)[1])

    def _with_digits(self, noun: str) -> str:
        return f"{noun} {card(self.last4)}" if self.last4 else f"{noun}"
