"""What the control page shows, gathered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox import journal, targets
from sandbox.clock.playing import Player
from sandbox.faults import SYSTEMS
from sandbox.moments import MINUTE, parse_iso
from sandbox.world import World
from sandbox.yookassa import outcomes
from sandbox.yookassa.reasons import CHARGE_REASONS, WORDS
from sandbox.yookassa.records import Method, Payment

_ENTRIES, _PAYMENTS, _CARDS = 12, 10, 12

STATUS_WORDS = {
    "pending": ("ждёт оплаты", "warn"),
    "waiting_for_capture": ("деньги удержаны", "brand"),
    "succeeded": ("оплачен", "ok"),
    "canceled": ("отменён", "danger"),
}
EVENT_WORDS = {
    "payment.succeeded": "Платёж оплачен",
    "payment.canceled": "Платёж отменён",
    "payment.waiting_for_capture": "Деньги удержаны",
    "refund.succeeded": "Деньги возвращены",
    "payment_method.active": "Способ оплаты привязан",
}
SYSTEM_WORDS = {"yookassa": "шлюз", "page": "покупатель", "webhook": "уведомление", "mail": "почта"}


def clock(world: World, player: Player) -> dict[str, Any]:
    """The clock's face, changing once a minute or with each step of playing."""
    view = player.view()
    return {
        "now": world.now() // MINUTE * MINUTE,
        "state": view["state"],
        "target": world.clock.target,
        "progress": view["progress"],
        "stops": len(view["stops"]),
        "next": parse_iso(view["next"]) if view["next"] else None,
        "waiting": view["waiting"] if view["state"] == "stuck" else [],
        "alone": view["alone"],
        "ahead_days": round(world.shift_s() / 86400),
    }


def cards(world: World, _player: Player) -> dict[str, Any]:
    """Saved methods, newest first, each with what its next charges will come to."""
    scripted = outcomes.waiting(world.store)
    saved = Method.where(world.store, "saved ORDER BY seq DESC LIMIT ?", [_CARDS])
    return {
        "methods": [
            {
                "id": method.id,
                "title": _title(method),
                "script": [outcome_words(outcome) for outcome in scripted.get(method.id, [])],
                "first": scripted.get(method.id, [outcomes.SUCCEEDED])[0],
            }
            for method in saved
        ],
        "choices": [(outcome, outcome_words(outcome)) for outcome in (outcomes.SUCCEEDED, outcomes.PENDING)],
        "declines": [(reason, WORDS[reason]) for reason in CHARGE_REASONS],
    }


def faults(world: World, _player: Player) -> dict[str, Any]:
    """Faults that are on, and those to choose from."""
    rules = [
        {**rule, "words": SYSTEMS[rule["system"]][rule["kind"]], "where": SYSTEM_WORDS[rule["system"]]}
        for rule in world.faults.listed()
    ]
    return {"rules": rules, "choices": {SYSTEM_WORDS[system]: (system, kinds) for system, kinds in SYSTEMS.items()}}


def payments(world: World, _player: Player) -> dict[str, Any]:
    """The newest payments."""
    newest = Payment.where(world.store, "1 ORDER BY seq DESC LIMIT ?", [_PAYMENTS])
    return {
        "payments": [
            {
                "id": payment.id,
                "at": payment.created_at,
                "kopecks": payment.kopecks,
                "currency": payment.currency,
                "description": payment.details.get("description") or "",
                "status": STATUS_WORDS[payment.status],
                "reason": _reason(payment),
                "open": payment.awaits_payer,
            }
            for payment in newest
        ]
    }


def entries(world: World, _player: Player) -> dict[str, Any]:
    """The newest entries of the journal."""
    rows = journal.latest(world.store, tuple(SYSTEM_WORDS), _ENTRIES)
    return {
        "entries": [
            {
                **dict(row),
                "where": SYSTEM_WORDS[row["system"]],
                "what": _entry_subject(dict(row)),
                "words": _entry_words(dict(row)),
            }
            for row in rows
        ]
    }


def aside(world: World) -> dict[str, Any]:
    """What changes seldom: targets and the size of the mailbox."""
    return {"targets": targets.read(world.store), "mails": world.store.number("SELECT count(*) FROM mails")}


def outcome_words(outcome: str) -> str:
    """An outcome for a person."""
    if outcome == outcomes.SUCCEEDED:
        return "успех"
    if outcome == outcomes.PENDING:
        return "ждёт кассу, потом успех"
    if outcome.startswith(outcomes.LATER):
        return f"ждёт кассу, потом отказ: {WORDS.get(outcome.removeprefix(outcomes.LATER), outcome)}"
    return f"отказ: {WORDS.get(outcome, outcome)}"


def _title(method: Method) -> str:
    card = method.details.get("card")
    return f"{card['card_type']} •••• {card['last4']}" if card else "Счёт СБП"


def _reason(payment: Payment) -> str:
    reason = str(payment.details.get("cancellation_details", {}).get("reason", ""))
    return WORDS.get(reason, reason)


def _entry_subject(row: dict[str, Any]) -> str:
    if row["system"] == "webhook":
        event = str(row["outcome"] or "").partition(":")[0]
        return EVENT_WORDS.get(event, event)
    if row["system"] == "page":
        return str(row["request"])
    return str(row["path"]) if row["system"] == "mail" else f"{row['method']} {row['path']}"


def _entry_words(row: dict[str, Any]) -> str:
    known = {"succeeded": "оплачен", "pending": "ждёт", "waiting_for_capture": "удержано", "canceled": "отменён"}
    outcome = row["outcome"] or ""
    head, _, rest = outcome.partition(": ")
    if row["system"] == "webhook":
        return {"delivered": "доставлено", "waiting": "повторим", "given_up": "больше не повторяем"}.get(rest, rest)
    words = known.get(head, WORDS.get(head, head))
    return f"{words}: {WORDS.get(rest, rest)}" if rest else words


PARTS: dict[str, Callable[[World, Player], dict[str, Any]]] = {
    "clock": clock,
    "cards": cards,
    "faults": faults,
    "payments": payments,
    "journal": entries,
}
