"""How an invoice came to be paid, or not: its warnings and attempts as sentences in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.notifications.reasons import EXPIRED, reason_words
from portal.web.cabinet.queries.payment import Attempt, PaymentFacts, SentNotice
from portal.web.kit.filters import card, date_text, money
from portal.web.kit.i18n import gettext as _
from portal.web.kit.words import Tone


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the timeline. `ahead` when it has not happened yet."""

    at: datetime
    icon: str
    title: str
    text: str = ""
    tone: Tone = ""
    ahead: bool = False


def story(payment: PaymentFacts, attempts: Sequence[Attempt], notices: Sequence[SentNotice]) -> list[Happening]:
    """Everything that happened to the invoice of this payment, the oldest first."""
    happenings = [_issued(payment), *(_warned(notice, payment.email) for notice in notices)]
    scheduled = 0
    for attempt in attempts:
        scheduled += attempt.scheduled
        happenings += _tried(attempt, scheduled)
    in_order = sorted(happenings, key=lambda item: item.at)
    return in_order + list(_next_try(payment, attempts))


def _issued(payment: PaymentFacts) -> Happening:
    return Happening(
        payment.invoice_created_at,
        "file-text",
        _("Выставили счёт № %(number)s") % {"number": payment.invoice_number},
        _("Договор № %(number)s «%(title)s».") % {"number": payment.contract_number, "title": payment.title},
    )


def _warned(notice: SentNotice, email: str | None) -> Happening:
    facts = [money(notice.kopecks), date_text(notice.charge_on)]
    if notice.last4:
        facts.append(_("карта %(card)s") % {"card": card(notice.last4)})
    words = {"email": email or "", "facts": ", ".join(facts)}
    return Happening(notice.sent_at, "mail", _("Предупредили о списании"), _("Письмо на %(email)s: %(facts)s.") % words)


def _tried(attempt: Attempt, ordinal: int) -> Iterator[Happening]:
    name = _("Попытка %(ordinal)s") % {"ordinal": ordinal} if attempt.scheduled else _("Ваша оплата")
    if attempt.found:
        yield Happening(
            attempt.created_at,
            "shield-check",
            _("Нашли оплату в ЮKassa"),
            _("Платёж № %(number)s сделан мимо кабинета, мы учли его при сверке.") % {"number": attempt.number},
        )
    elif not attempt.scheduled:
        yield Happening(
            attempt.created_at,
            "credit-card",
            _("Вы начали оплату"),
            _("Платёж № %(number)s на странице ЮKassa.") % {"number": attempt.number},
        )
    if attempt.unsure_at:
        if attempt.status in ("unknown", "sending"):
            text = _("Спрашиваем, принят ли платёж. Второй раз деньги не спишем.")
        else:
            text = _("Не знали, принят ли платёж, и спросили ещё раз. Второй раз деньги не списывали.")
        yield Happening(attempt.unsure_at, "clock", _("Платёжная система не ответила вовремя"), text)
    if attempt.decided_at is None:
        if attempt.stalled:
            text = _("Мы на время приостановили автоматические списания.")
            if attempt.stalled == "pay":
                text += " " + _("Ничего не списано.")
            yield Happening(attempt.created_at, "circle-pause", _("%(name)s отложена") % {"name": name}, text)
        elif attempt.status == "created" and attempt.scheduled:
            yield Happening(attempt.created_at, "clock", _("%(name)s: отправляем в банк") % {"name": name})
        elif attempt.scheduled:
            yield Happening(attempt.created_at, "send", _("%(name)s: ждём банк") % {"name": name})
        return
    yield _decided(attempt, attempt.decided_at, name)


def _decided(attempt: Attempt, at: datetime, name: str) -> Happening:
    if attempt.status == "succeeded":
        took = _("Списано %(sum)s.") if attempt.scheduled else _("Получено %(sum)s.")
        title = _("%(name)s прошла") % {"name": name}
        return Happening(at, "circle-check", title, took % {"sum": money(attempt.kopecks)}, "ok")
    why = _("%(reason)s. Ничего не списано.") % {"reason": reason_words(attempt.reason).what}
    if attempt.status == "rejected":
        return Happening(at, "circle-pause", _("%(name)s не отправлена") % {"name": name}, why)
    if attempt.reason == EXPIRED and not attempt.scheduled:
        return Happening(at, "circle-pause", _("Оплата закрылась незавершённой"), why)
    return Happening(at, "circle-x", _("%(name)s не прошла") % {"name": name}, why, "danger")


def _next_try(payment: PaymentFacts, attempts: Sequence[Attempt]) -> Iterator[Happening]:
    last = attempts[-1] if attempts else None
    if last and last.next_attempt_at and last.status == "canceled" and payment.invoice_is_open:
        text = _("Раньше сами не спишем, если вы об этом не попросите. Можно заплатить раньше самостоятельно.")
        yield Happening(last.next_attempt_at, "refresh-cw", _("Повторим списание"), text, ahead=True)
