"""How often money is taken, in words."""

from __future__ import annotations

from payments.contracts.periods import Unit
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import ngettext


def period_words(unit: Unit, count: int) -> str:
    """«каждый месяц», «раз в 3 месяца»."""
    if count == 1:
        return {
            "day": _("каждый день"),
            "week": _("каждую неделю"),
            "month": _("каждый месяц"),
            "year": _("каждый год"),
        }[unit]
    words = {
        "day": ngettext("раз в %(num)s день", "раз в %(num)s дня", count),
        "week": ngettext("раз в %(num)s неделю", "раз в %(num)s недели", count),
        "month": ngettext("раз в %(num)s месяц", "раз в %(num)s месяца", count),
        "year": ngettext("раз в %(num)s год", "раз в %(num)s года", count),
    }
    return words[unit] % {"num": count}
