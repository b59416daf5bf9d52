"""What somebody must decide, in words: one card for each kind of trouble that there is."""

from __future__ import annotations

from dataclasses import dataclass

from portal.web.kit.filters import money, number
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import ngettext
from portal.web.staff.queries.attention import Attention


@dataclass(frozen=True, slots=True)
class Need:
    """A card: it leads to the list of what it counts."""

    icon: str
    tone: str
    title: str
    text: str
    url: str


def needs_of(found: Attention) -> list[Need]:
    """The cards, the most urgent first. What is not there has no card."""
    cards = (
        (found.forged, _forged),
        (found.failed, _failed),
        (found.unknown, _unknown),
        (found.odd, _odd),
        (found.differing, _differing),
        (found.broken, _broken),
        (found.unheard, _unheard),
        (found.late, _late),
        (found.overdue, _overdue),
        (found.suspended, _suspended),
        (found.unconfirmed, _unconfirmed),
        (found.expiring, _expiring),
        (found.dead, _dead),
    )
    return [card(found) for count, card in cards if count]


def _failed(found: Attention) -> Need:
    title = ngettext("%(num)s списание не прошло", "%(num)s списаний не прошли", found.failed)
    return Need("circle-x", "danger", _with(title, found.failed), _sum(found.failed_kopecks), "/staff/failed-charges")


def _overdue(found: Attention) -> Need:
    title = ngettext("%(num)s счёт просрочен", "%(num)s счетов просрочено", found.overdue)
    return Need("clock", "warn", _with(title, found.overdue), _sum(found.overdue_kopecks), "/staff/customers?debt=y")


def _late(found: Attention) -> Need:
    title = ngettext("%(num)s списание опоздало", "%(num)s списаний опоздали", found.late)
    text = _("%(sum)s ждут предупреждения или своего дня") % {"sum": money(found.late_kopecks)}
    return Need("calendar", "warn", _with(title, found.late), text, "/staff/late-charges")


def _unheard(found: Attention) -> Need:
    title = ngettext("%(num)s предупреждение не доставлено", "%(num)s предупреждений не доставлено", found.unheard)
    text = _("Списание ждёт, пока письмо не уйдёт")
    return Need("mail", "warn", _with(title, found.unheard), text, "/staff/messages?status=failed")


def _unknown(found: Attention) -> Need:
    title = ngettext("У %(num)s платежа неизвестен исход", "У %(num)s платежей неизвестен исход", found.unknown)
    text = _("%(sum)s, дольше часа") % {"sum": money(found.unknown_kopecks)}
    return Need("triangle-alert", "danger", _with(title, found.unknown), text, "/staff/payments?view=unknown")


def _odd(found: Attention) -> Need:
    title = ngettext("%(num)s платёж надо разобрать", "%(num)s платежей надо разобрать", found.odd)
    text = _("Деньги пришли не так, как мы просили")
    return Need("banknote", "danger", _with(title, found.odd), text, "/staff/payments?view=odd")


def _differing(found: Attention) -> Need:
    title = ngettext("%(num)s расхождение с ЮKassa", "%(num)s расхождений с ЮKassa", found.differing)
    text = _("Наши записи и её список говорят разное")
    return Need("shield-check", "danger", _with(title, found.differing), text, "/staff/proof")


def _broken(found: Attention) -> Need:
    title = ngettext("%(num)s проверка учёта не сошлась", "%(num)s проверок учёта не сошлись", found.broken)
    text = _("В записях есть то, чего быть не должно")
    return Need("shield-check", "danger", _with(title, found.broken), text, "/staff/proof")


def _suspended(found: Attention) -> Need:
    title = ngettext("%(num)s автоплатёж приостановлен", "%(num)s автоплатежей приостановлено", found.suspended)
    text = _("Карта больше не действует, нужна новая")
    return Need("credit-card", "warn", _with(title, found.suspended), text, "/staff/contracts?autopay=suspended")


def _unconfirmed(found: Attention) -> Need:
    title = ngettext("%(num)s автоплатёж ждёт клиента", "%(num)s автоплатежей ждут клиентов", found.unconfirmed)
    text = _("База из копии: не спишется, пока клиент не подтвердит")
    return Need("clock", "warn", _with(title, found.unconfirmed), text, "/staff/contracts?autopay=unconfirmed")


def _expiring(found: Attention) -> Need:
    title = ngettext("%(num)s карта истекает", "%(num)s карт истекают", found.expiring)
    text = _("Служит не дольше следующего месяца")
    return Need("credit-card", "warn", _with(title, found.expiring), text, "/staff/contracts?autopay=expiring")


def _forged(found: Attention) -> Need:
    title = ngettext("%(num)s уведомление не подтверждено", "%(num)s уведомлений не подтверждено", found.forged)
    text = _("Сегодня. ЮKassa говорит иное, ничего не изменено")
    return Need("shield-check", "danger", _with(title, found.forged), text, "/staff/webhooks?status=forged")


def _dead(found: Attention) -> Need:
    title = ngettext("%(num)s событие не обработано", "%(num)s событий не обработано", found.dead)
    return Need("zap", "danger", _with(title, found.dead), _("Повторы закончились"), "/staff/deliveries")


def _with(title: str, count: int) -> str:
    return title % {"num": number(count)}


def _sum(kopecks: int) -> str:
    return _("На %(sum)s") % {"sum": money(kopecks)}
