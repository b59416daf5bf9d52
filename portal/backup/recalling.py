"""What customers refused after the dump, brought back into the restored database, and told to whoever restored it."""

from __future__ import annotations

from payments.stops.memory import CARD, ENDED, HELD, SUSPENDED, WITHDRAWN, MemoryAway
from payments.stops.recalling import Recalled, recall
from portal.web.kit.filters import datetime_text

_KINDS = {
    CARD: "отвязано карт",
    WITHDRAWN: "отозвано согласий",
    ENDED: "завершено договоров",
    SUSPENDED: "приостановлено договоров",
    HELD: "поставлено на паузу автоплатежей",
}


def bring_stops_back() -> str:
    """Do it, or say that the scheduler will."""
    try:
        found = recall()
    except MemoryAway as error:
        return f"{error}. Когда ответит, планировщик всё вернёт сам; до тех пор списания не возобновить"
    return _words(found) if found else "Списаний в этой базе ещё не было, возвращать нечего"


def _words(found: Recalled) -> str:
    if not found.whole:
        return (
            "Redis не помнит, кто отказался от списаний после копии. Поэтому автоплатежи ждут подтверждения клиентов: "
            f"{found.held}. Клиенты узнают об этом из письма, когда запустятся процессы; с остальных не спишется ничего"
        )
    done = ", ".join(f"{_KINDS[kind]}: {count}" for kind, count in found.stopped.items())
    seen = f" (последний раз проверено {datetime_text(found.seen_at)})" if found.seen_at else ""
    if not done:
        return f"Redis помнит отказы клиентов{seen}: после копии их не было"
    return f"Redis помнит отказы, сделанные после копии{seen}. Возвращено: {done}"
