"""What the control page shows, gathered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox import journal, targets
from sandbox.clock.playing import Player
from sandbox.control.cards import cards
from sandbox.faults import SYSTEMS
from sandbox.moments import MINUTE, parse_iso
from sandbox.world import World
from sandbox.yookassa.reasons import WORDS
from sandbox.yookassa.records import Payment

_ENTRIES, _PAYMENTS = 12, 10

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
SYSTEM_WORDS = {
    "yookassa": "ЮKassa",
    "page": "покупатель",
    "webhook": "уведомление",
    "bitrix24": "Битрикс24",
    "crm_event": "событие CRM",
    "mail": "почта",
}


_DELIVERY_WORDS = {
    "delivered": "доставлено",
    "waiting": "повторим",
    "given_up": "больше не повторяем",
    "lost": "потеряно",
}


def clock(world: World, player: Player, _asked: str) -> dict[str, Any]:
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


def faults(world: World, _player: Player, _asked: str) -> dict[str, Any]:
    """Faults that are on, and those to choose from."""
    rules = [
        {**rule, "words": SYSTEMS[rule["system"]][rule["kind"]], "where": SYSTEM_WORDS[rule["system"]]}
        for rule in world.faults.listed()
    ]
    return {"rules": rules, "choices": {SYSTEM_WORDS[system]: (system, kinds) for system, kinds in SYSTEMS.items()}}


def payments(world: World, _player: Player, _asked: str) -> dict[str, Any]:
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


def entries(world: World, _player: Player, _asked: str) -> dict[str, Any]:
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
    """What changes seldom: targets, the size of the mailbox, and the cabinet that is told of payments."""
    aims = targets.read(world.store)
    cabinet = urlsplit(aims["yookassa_url"] or "")
    return {
        "targets": aims,
        "mails": world.store.number("SELECT count(*) FROM mails"),
        "cabinet": f"{cabinet.scheme}://{cabinet.netloc}" if cabinet.scheme in {"http", "https"} else None,
    }


def _reason(payment: Payment) -> str:
    reason = str(payment.details.get("cancellation_details", {}).get("reason", ""))
    return WORDS.get(reason, reason)


def _entry_subject(row: dict[str, Any]) -> str:
    if row["system"] == "webhook":
        event = str(row["outcome"] or "").partition(":")[0]
        return EVENT_WORDS.get(event, event)
    if row["system"] == "page":
        return str(row["request"])
    if row["system"] == "crm_event":
        return str(row["outcome"] or "").partition(":")[0]
    if row["system"] == "bitrix24":
        return " ".join(filter(None, (row["path"], row["object_id"])))
    return str(row["path"]) if row["system"] == "mail" else f"{row['method']} {row['path']}"


def _entry_words(row: dict[str, Any]) -> str:
    known = {"succeeded": "оплачен", "pending": "ждёт", "waiting_for_capture": "удержано", "canceled": "отменён"}
    outcome = row["outcome"] or ""
    head, _, rest = outcome.partition(": ")
    if row["system"] in {"webhook", "crm_event"}:
        return _DELIVERY_WORDS.get(rest, rest)
    words = known.get(head, WORDS.get(head, head))
    return f"{words}: {WORDS.get(rest, rest)}" if rest else words


# Each part by its name, made from the world, the player and what is looked for among the cards.
PARTS: dict[str, Callable[[World, Player, str], dict[str, Any]]] = {
    "clock": clock,
    "cards": lambda world, _player, asked: cards(world, asked),
    "faults": faults,
    "payments": payments,
    "journal": entries,
}
