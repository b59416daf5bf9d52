"""Failed charges in words: how often it was tried, what comes next, and why it cannot be tried again now."""

from __future__ import annotations

from datetime import datetime

from payments.charging.retrying import Chance, Obstacle, Way
from portal.web.kit.filters import datetime_text
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.staff.words import retry_name

_OBSTACLES: dict[Obstacle, str] = {
    "closed": _("Счёт уже закрыт"),
    "live": _("По счёту уже идёт платёж"),
    "partly": _("Часть счёта оплачена: остаток клиент платит сам"),
    "contract": _("Договор не действует"),
    "held": _("Автоплатёж на паузе"),
    "withdrawn": _("Клиент отключил автоплатёж"),
    "suspended": _("Карта больше не работает, нужна новая"),
    "ended": _("Автоплатёж закончился вместе с договором"),
    "unlinked": _("Карта отвязана или больше не работает"),
    "consent": _("Клиент согласился заново: прежний счёт он платит сам"),
    "limit": _("Сумма больше той, на которую клиент согласился"),
    "shop": _("Карта сохранена в прежнем магазине ЮKassa: клиенту нужно добавить её заново"),
    "hard": _("Банк отказал окончательно: повтор той же картой не пройдёт"),
    "stopped": _("Списания приостановлены у всех клиентов"),
    "unheard": _("Ждём, пока уйдёт новое предупреждение"),
    "warned": _("Клиент предупреждён, списание назначено"),
    "soon": _("Списание уже поставлено, вот-вот уйдёт"),
}
_DONE: dict[Way, str] = {
    "now": _("Списание поставлено: уйдёт в ближайшую минуту"),
    "tomorrow": _("Сегодня по договору уже списывали: это списание уйдёт завтра"),
    "announced": _("Клиенту уходит новое предупреждение, списание пройдёт после него"),
}


def obstacle_name(obstacle: Obstacle) -> str:
    """Why a charge cannot be tried again now."""
    return str(_OBSTACLES[obstacle])


def done_name(way: Way) -> str:
    """What follows from the button."""
    return str(_DONE[way])


def attempt_name(chance: Chance) -> str:
    """«2 из 4»: which try failed, of how many for this reason."""
    return gettext("%(n)d из %(m)d") % {"n": chance.attempts, "m": chance.at_most}


def next_name(chance: Chance, retry: str | None, retry_at: datetime | None) -> str:
    """When the next try comes by itself, or why none does."""
    if retry:
        return retry_name(retry, retry_at)
    if chance.charge_at and not chance.obstacle:
        return datetime_text(chance.charge_at)
    return gettext("не назначено")
