"""Saved cards as a person looks for them: by what was bought, contract, mask, or the address that letters went to."""

from __future__ import annotations

import re
from typing import Any

from sandbox.database import Store
from sandbox.mail.messages import addressees
from sandbox.world import World
from sandbox.yookassa import outcomes
from sandbox.yookassa.cards import shown_network
from sandbox.yookassa.reasons import CHARGE_REASONS, WORDS
from sandbox.yookassa.records import Json, Method, Payment

_LOOKED_AT, _SHOWN = 1000, 60
_CONTRACT = re.compile(r"№\s?(\S+)$")


def cards(world: World, asked: str) -> dict[str, Any]:
    """Saved methods that fit the words of `asked`, the last charged first, each with what its next charges come to."""
    words = asked.casefold().split()
    found = [card for card in _saved(world.store) if all(word in card["words"] for word in words)]
    scripted = outcomes.waiting(world.store)
    shown = [
        {
            **card,
            "script": [outcome_words(outcome) for outcome in scripted.get(card["id"], [])],
            "first": scripted.get(card["id"], [outcomes.SUCCEEDED])[0],
        }
        for card in found[:_SHOWN]
    ]
    return {
        "methods": shown,
        "asked": asked,
        "more": len(found) - len(shown),
        "choices": [(outcome, outcome_words(outcome)) for outcome in (outcomes.SUCCEEDED, outcomes.PENDING)],
        "declines": [(reason, WORDS[reason]) for reason in CHARGE_REASONS],
    }


def outcome_words(outcome: str) -> str:
    """An outcome for a person."""
    if outcome == outcomes.SUCCEEDED:
        return "успех"
    if outcome == outcomes.PENDING:
        return "ЮKassa ещё решает, потом успех"
    if outcome.startswith(outcomes.LATER):
        return f"ЮKassa ещё решает, потом отказ: {WORDS.get(outcome.removeprefix(outcomes.LATER), outcome)}"
    return f"отказ: {WORDS.get(outcome, outcome)}"


def _saved(store: Store) -> list[Json]:
    newest = Method.where(store, "saved ORDER BY seq DESC LIMIT ?", [_LOOKED_AT])
    paid = {method.id: _last_payment(store, method) for method in newest}
    owners = addressees(store)
    told = [_told(method, paid[method.id], owners) for method in newest]
    return sorted(told, key=lambda card: card["at"], reverse=True)


def _last_payment(store: Store, method: Method) -> Payment | None:
    found = Payment.where(store, "method_id = ? ORDER BY seq DESC LIMIT 1", [method.id])
    return found[0] if found else None


def _told(method: Method, payment: Payment | None, owners: dict[str, list[str]]) -> Json:
    bought = str(payment.details.get("description") or "") if payment else ""
    contract = _CONTRACT.search(bought)
    letters_to = owners.get(contract[1], []) if contract else []
    mask = _mask(method)
    metadata = (payment.details.get("metadata") if payment else method.details.get("metadata")) or {}
    return {
        "id": method.id,
        "mask": mask,
        "bought": bought or "Без назначения",
        "letters_to": letters_to,
        "kopecks": payment.kopecks if payment else None,
        "currency": payment.currency if payment else None,
        "at": payment.created_at if payment else method.created_at,
        "words": " ".join([bought, mask, method.id, *letters_to, *map(str, metadata.values())]).casefold(),
    }


def _mask(method: Method) -> str:
    card = method.details.get("card")
    return f"{shown_network(card['card_type'])} •••• {card['last4']}" if card else "Счёт СБП"
