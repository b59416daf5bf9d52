"""The sandbox's own interfaces, each with the words that /docs shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sandbox.bitrix24 import controls as crm
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
        "GET", "/control/crm", crm.show_settings,
        "Настройки портала Битрикс24 и то, какую долю разрешённого (ceiling: ведро и то, что из него вытекло) каждый"
        " адрес использовал с последней перемены настроек.",
        '{"bucket": 50, "per_second": 2, …, "sources": [{"address": "127.0.0.1", "admitted": 40, "refused": 0,'
        ' "seconds": 12.5, "ceiling": 75.0, "share": 0.5333, "level": 14.9}]}',
    ),
    Endpoint(
        "POST", "/control/crm", crm.change_settings,
        "Поменять названные настройки: bucket и per_second (запросов в секунду с одного адреса, по часам песочницы),"
        " operating (отвечать временем работы методов), pause_least_s и pause_most_s (сколько событие ждёт в очереди),"
        " events (какие события отправлять, шаблоны). Вёдра и счёт начинаются заново.",
        '{"bucket": 100000, "per_second": 100000}   {"events": ["ONCRMDEAL*", "ONCRMDYNAMICITEM*_1038"]}',
    ),
    Endpoint(
        "GET", "/control/crm/items", crm.show_items,
        "Все элементы вида entity_type_id (3 контакты, 4 компании, 2 сделки, 31 счета, 1038 платежи) со всеми"
        " непустыми полями, пользовательские под исходными именами. since (после какого id), limit.",
        '{"items": [{"id": 1, "entityTypeId": 3, "name": "Анна", "originId": "…", "fm": […], …}]}',
    ),
    Endpoint(
        "GET", "/control/crm/timeline", crm.show_timeline,
        "Комментарии (form: comment) и записи программ (note) у элементов, старые первыми. Отбор: entity_type_id, id.",
        '{"items": [{"id": 1, "form": "comment", "entity_type_id": 2, "item_id": 7, "author_id": 1, "text": "…", …}]}',
    ),
    Endpoint(
        "POST", "/control/crm/edit", crm.edit,
        "Правка от имени сотрудника портала (2 — Мельник Ирина), как в самом Битрикс24: изменить элемент, без id"
        " добавить, с delete удалить. События уходят как от любой правки; в журнале она видна под методом UI.",
        '{"entity_type_id": 3, "id": 12, "fields": {"name": "Анна", "fm": {"15": {"value": "+79990000000"}}}}'
        '   {"entity_type_id": 2, "id": 7, "delete": true, "user_id": 2}',
    ),
    Endpoint("GET", "/control/crm/stages", crm.show_stages, "Стадии всех воронок."),
    Endpoint(
        "POST", "/control/crm/stages", crm.change_stages,
        "Удалить стадию (элементы остаются в ней, но перевести в неё больше нельзя) или добавить.",
        '{"delete": "C1:OVERDUE"}   {"add": {"entity_type_id": 2, "category_id": 1, "code": "OVERDUE",'
        ' "name": "Просрочен", "sort": 40, "semantics": null}}',
    ),
    Endpoint("GET", "/control/crm/credentials", crm.show_credentials, "Входящие вебхуки и токены приложений."),
    Endpoint(
        "POST", "/control/crm/credentials", crm.change_credentials,
        "Завести или поменять вебхук (kind webhook) или токен (token): сотрудник, права, срок.",
        '{"kind": "webhook", "user_id": 1, "secret": "narrow", "scopes": ["user_basic"]}'
        '   {"kind": "token", "secret": "old", "expired": true}',
    ),
    Endpoint(
        "GET", "/control/journal", endpoints.show_journal,
        "Журнал всех вызовов, уведомлений и писем, старые первыми. Отбор: system (yookassa, page, webhook, bitrix24,"
        " crm_event, mail), key, payment_method_id, object_id, since (номер записи), limit. request — тело как JSON,"
        " body — как пришло; status пуст, если ответа не было. У вызовов Битрикс24 path — имя метода, key — внешний"
        " код, object_id — вид и номер (contact:12); команды пакета записаны каждая, под методом BATCH.",
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
