"""Calls Bitrix24's REST by an inbound webhook: one envelope, typed failures, and never the address in a log.

Method names, envelopes and error codes: apidocs.bitrix24.ru, «Основные понятия REST API».
"""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import Any

import httpx

from crm_sync import limiter
from crm_sync.port import (
    COMMENT,
    COMPANY,
    CONTACT,
    DEAL,
    INVOICE,
    LOG,
    PAYMENT,
    RANKS,
    REQUISITE,
    CrmFailure,
    NotExecuted,
    NotFound,
    Rejected,
    Shut,
    Uncertain,
)
from kernel import deadline, log

_log = log.get(__name__)
# The cloud kills a request after 60 s: whoever hangs up sooner does not know what was done.
_TIMEOUT = httpx.Timeout(70.0, connect=5.0)
# For the whole call, however slowly the answer comes: half of a lease is longer.
_DEADLINE_S = 80.0
_LARGEST_BODY = 16_000_000
_KEEPALIVE_S = 3.0
_CONNECTIONS = 4
_RETRY_AFTER_S = 2.0
# The answer names no time; the oldest of the ten one-minute baskets leaves first.
_BLOCKED_S = 60.0
_AWAY_S = 5.0
_SERVER_ERROR = 500
_BAD_REQUEST = 400
_REDIRECT = 300
_SHUT_STATUSES = (401, 402, 403)
# Errors of a single command come without a status of their own, so their codes decide.
_SHUT = {
    "ALLOWED_ONLY_INTRANET_USER", "APPLICATION_NOT_FOUND", "AUTHORIZATION_ERROR", "ERROR_OAUTH", "EXPIRED_TOKEN",
    "INSUFFICIENT_SCOPE", "INVALID_CREDENTIALS", "INVALID_TOKEN", "METHOD_CONFIRM_WAITING", "NOT_INSTALLED",
    "NO_AUTH_FOUND", "PAYMENT_REQUIRED", "USER_ACCESS_ERROR", "WRONG_AUTH_TYPE",
}  # fmt: skip
_UNKNOWN = {"INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"}
_BLOCKED = "OPERATION_TIME_LIMIT"
# Which kinds cannot be looked for or written while a method is blocked, by the beginning of its name; all by no other.
_SERVED_BY = {
    "crm.item.": (CONTACT, COMPANY, DEAL, INVOICE, PAYMENT),
    "crm.duplicate.": (CONTACT, COMPANY),
    "crm.requisite.": (REQUISITE,),
    "crm.timeline.comment.": (COMMENT,),
    "crm.timeline.logmessage.": (LOG,),
}
_WORDS = {
    "ACCESS_DENIED": "Битрикс24 не пускает: REST API доступен только на платном тарифе с подпиской",
    "OVERLOAD_LIMIT": "Битрикс24 заблокировал запросы из-за нагрузки; снимает поддержка Битрикс24",
    "PORTAL_DELETED": "портал Битрикс24 удалён",
}
_WRONG_ADDRESS = "Битрикс24 не признаёт адрес вебхука: он удалён, просрочен или у сотрудника нет прав на CRM"


@lru_cache(maxsize=1)
def _http() -> httpx.Client:
    tls = httpx.create_ssl_context(trust_env=False)
    transport = deadline.Transport(tls, connections=_CONNECTIONS, keepalive_s=_KEEPALIVE_S)
    headers = {"Accept": "application/json"}
    return httpx.Client(transport=transport, timeout=_TIMEOUT, trust_env=False, headers=headers)


def call(base_url: str, method: str, body: dict[str, Any], *, not_after: float) -> Any:
    """The `result` of one call, which leaves by `not_after`, an instant of `time.monotonic()`, or not at all.

    Raises:
        CrmFailure: as the kind of failure says what may be repeated.
    """
    limiter.wait_turn(base_url)
    # Whoever was frozen until now does not know what others have done meanwhile.
    if time.monotonic() > not_after:
        raise NotExecuted("не успели отправить", retry_after_s=_RETRY_AFTER_S)
    deadline.end_in(_DEADLINE_S)
    try:
        with _http().stream("POST", f"{base_url}/{method}", json=body) as answer:
            return _result(method, answer.status_code, _read(answer))
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise NotExecuted("Битрикс24 не отвечает", retry_after_s=_AWAY_S, away=True) from error
    except httpx.HTTPError as error:
        raise Uncertain(f"связь с Битрикс24 оборвалась: {type(error).__name__}") from error


def _read(answer: httpx.Response) -> bytes:
    content = bytearray()
    for chunk in answer.iter_bytes():
        content += chunk
        if len(content) > _LARGEST_BODY:
            raise Uncertain("Битрикс24 ответил длиннее 16 МБ")
    return bytes(content)


def _result(method: str, status: int, content: bytes) -> Any:
    try:
        envelope = json.loads(content)
    except ValueError as error:
        raise _without_envelope(status) from error
    if not isinstance(envelope, dict) or not {"result", "error"} & envelope.keys():
        raise _without_envelope(status)
    if "result" in envelope and status < _BAD_REQUEST:
        return envelope["result"]
    raise failure(status, envelope, method)


def _without_envelope(status: int) -> CrmFailure:
    if _REDIRECT <= status < _BAD_REQUEST:
        return Shut("портал Битрикс24 переехал: укажите новый адрес вебхука в KABINET_BITRIX24_URL")
    return Uncertain(f"Битрикс24 ответил не по-своему: HTTP {status}")


def failure(status: int, envelope: dict[str, Any], method: str) -> CrmFailure:
    """What an error of a method of Bitrix24 means. A `status` of 400 is assumed for the errors inside a batch."""
    code = _storable(str(envelope.get("error", ""))).upper()[:100]
    words = log.redact_text(_storable(str(envelope.get("error_description", ""))))[:200]
    _log.info("crm.refused", status=status, code=code)
    if code == _BLOCKED:
        return NotExecuted(f"Битрикс24 остановил {method}", retry_after_s=_BLOCKED_S, kinds=kinds_served_by(method))
    if code == "QUERY_LIMIT_EXCEEDED":
        return NotExecuted(f"Битрикс24 просит подождать: {code}", retry_after_s=_RETRY_AFTER_S)
    if code == "OVERLOAD_LIMIT" or "PORTAL_DELETED" in code:
        return Shut(_WORDS[code])
    if status in _SHUT_STATUSES or code in _SHUT:
        return Shut(_WORDS["ACCESS_DENIED"] if code == "ACCESS_DENIED" else f"{_WRONG_ADDRESS} ({code or status})")
    if code == "NOT_FOUND" or _says_not_found(words):
        return NotFound("в Битрикс24 этого больше нет")
    if status >= _SERVER_ERROR or code in _UNKNOWN:
        return Uncertain(f"ошибка Битрикс24: {code or status}")
    return Rejected(f"{code}: {words}" if code else words or f"HTTP {status}", code=code)


def _says_not_found(words: str) -> bool:
    # «Not found», and of requisites, which have no code either, «The Requisite with ID '57' is not found».
    said = words.casefold().rstrip(".")
    return said == "not found" or (said.startswith("the requisite with id") and said.endswith("is not found"))


def kinds_served_by(method: str) -> frozenset[str]:
    """The kinds of objects that have to wait while this method is blocked."""
    return frozenset(next((kinds for name, kinds in _SERVED_BY.items() if method.startswith(name)), RANKS))


def _storable(text: str) -> str:
    # Their words may hold what PostgreSQL does not take: a zero character, half of a pair of surrogates.
    return text.replace("\0", "").encode(errors="replace").decode()
