"""The sandbox's own interfaces, each with the words that /docs shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sandbox.control import clock, endpoints
from sandbox.mail import endpoints as mail


@dataclass(frozen=True)
class Endpoint:
    """One interface. `example` is a body to send, or an answer where nothing is sent."""

    method: str
    path: str
    handler: Callable[[Request], Awaitable[Response]]
    about: str
    example: str = ""


ENDPOINTS = (
    Endpoint(
        "GET", "/control/clock", clock.show_clock,
        "Часы: виртуальное время, сдвиг, цель, ход проигрывания. state: idle, playing или stuck (waiting скажет, что"
        " не успокоилось).",
    ),
    Endpoint(
        "POST", "/control/clock", clock.move_clock,
        "Двинуть время. advance и to проигрывают его насквозь и отвечают, когда всё успокоилось (до 600 секунд;"
        " 504, если время застряло). jump переставляет часы сразу, «now» возвращает их к настоящему времени."
        " start ставит часы куда угодно, пока песочница пуста. Назад часы не идут. Дата означает полночь по Москве.",
        '{"advance": "P1M"}   {"to": "2027-01-31"}   {"jump": "P10D"}   {"jump": "now"}   {"start": "2026-01-01T00:00:00+03:00"}',
    ),
    Endpoint(
        "POST", "/control/clock/step", clock.step_clock,
        "Шаг того, кто следит за часами: планировщик продукта сообщает, что успокоился при сдвиге seen_shift_s и"
        " чего ждёт дальше, и узнаёт новый сдвиг. Время идёт к ближайшему событию, округлённому вверх до 10 минут.",
        '{"rest": true, "next": "2027-01-05T06:00:00Z", "seen_shift_s": 86400.0, "waiting": []}',
    ),
    Endpoint(
        "GET", "/control/outcomes", endpoints.show_outcomes, "Заказанные и ещё не использованные исходы.",
    ),
    Endpoint(
        "POST", "/control/outcomes", endpoints.script_outcomes,
        "Заказать исходы следующих списаний сохранённого способа (payment_method_id) или возвратов платежа"
        " (payment_id): succeeded, pending, причина отказа или pending_then_ с причиной. Когда очередь кончится,"
        " снова будет успех. Пустой список очищает очередь.",
        '{"payment_method_id": "…", "outcomes": ["insufficient_funds", "succeeded"]}',
    ),
    Endpoint("GET", "/control/faults", endpoints.show_faults, "Включённые сбои и сколько раз каждый сработал."),
    Endpoint(
        "POST", "/control/faults", endpoints.switch_fault_on,
        "Включить сбой. match сужает вызовы шаблонами (* и ?), times ограничивает число срабатываний, rate с seed"
        " выбирает долю вызовов, одну и ту же при каждом повторе. seconds, retry_after (мс) и effect (before, after)"
        " уточняют вид.",
        '{"system": "yookassa", "kind": "error_500_after", "match": {"method": "POST", "path": "/payments"}, "times": 1}',
    ),
    Endpoint("DELETE", "/control/faults", endpoints.switch_faults_off, "Выключить все сбои."),
    Endpoint("DELETE", "/control/faults/{fault_id:int}", endpoints.switch_faults_off, "Выключить один сбой."),
    Endpoint("GET", "/control/targets", endpoints.show_targets, "Куда уходят уведомления."),
    Endpoint(
        "POST", "/control/targets", endpoints.change_targets, "Задать адреса; null убирает адрес.",
        '{"yookassa_url": "http://localhost:8000/webhooks/yookassa/secret"}',
    ),
    Endpoint("GET", "/control/shops", endpoints.show_shops, "Магазины и их настройки."),
    Endpoint(
        "POST", "/control/shops", endpoints.change_shop,
        "Завести магазин или поменять названные настройки: autopayments (автоплатежи включены), form_retries (после"
        " отказа можно попробовать снова), receipt_first (сначала чек, потом платёж), receipt_fails (касса"
        " отказывает), webhook_url (свой адрес уведомлений), name, secret, gateway_id.",
        '{"account_id": "100500", "name": "Тёплый контур", "form_retries": false}',
    ),
    Endpoint(
        "GET", "/control/journal", endpoints.show_journal,
        "Журнал всех вызовов, уведомлений и писем, старые первыми. Отбор: system (yookassa, page, webhook, mail), key,"
        " payment_method_id, object_id, since (номер записи), limit. request — тело как JSON, body — как пришло;"
        " status пуст, если ответа не было.",
        '{"items": [{"n": 1, "at": "…", "real_at": "…", "system": "yookassa", "method": "POST", …}], "next_since": 1}',
    ),
    Endpoint("GET", "/control/state", endpoints.show_state, "Что в пути, что впереди, сколько чего хранится."),
    Endpoint(
        "POST", "/control/reset", endpoints.reset,
        "Забыть всё и вернуть часы к настоящему времени. Адреса уведомлений остаются, если не сказано иное.",
        '{"targets": true}',
    ),
    Endpoint(
        "GET", "/mail/messages", mail.list_messages,
        "Письма, старые первыми. Отбор: to, since (номер письма или виртуальное время), limit. copies — сколько раз"
        " пришло письмо с этим Message-ID.",
        '{"items": [{"id": 1, "at": "…", "to": "…", "from": "…", "subject": "…", "message_id": "…", "copies": 1, '
        '"text": "…", "html": "…", "headers": {}}]}',
    ),
    Endpoint("GET", "/mail/messages/{mail_id:int}", mail.show_message, "Одно письмо."),
    Endpoint("GET", "/healthz", endpoints.healthz, "Песочница отвечает, файл состояния читается."),
)  # fmt: skip
