"""Calls Bitrix24's REST by an inbound webhook: one envelope, typed failures, and never the address in a log.

Method names, envelopes and error codes: apidocs.bitrix24.ru, «Основные понятия REST API».
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import httpx

from crm_sync import limiter
from crm_sync.port import CrmFailure, NotExecuted, NotFound, Rejected, Shut, Uncertain
from kernel import log

_log = log.get(__name__)
# The cloud kills a request after 60 s: whoever hangs up sooner does not know what was done.
_TIMEOUT = httpx.Timeout(70.0, connect=5.0)
_RETRY_AFTER_S = 2.0
# The answer names no time; the oldest of the ten one-minute baskets leaves first.
_BLOCKED_S = 60.0
_AWAY_S = 5.0
_SERVER_ERROR = 500
_BAD_REQUEST = 400
_REDIRECT = 300
_SHUT_STATUSES = (401, 402, 403)
_BUSY = {"QUERY_LIMIT_EXCEEDED": _RETRY_AFTER_S, "OPERATION_TIME_LIMIT": _BLOCKED_S}
_WORDS = {
    "ACCESS_DENIED": "Битрикс24 не пускает: REST API доступен только на платном тарифе с подпиской",
    "OVERLOAD_LIMIT": "Битрикс24 заблокировал запросы из-за нагрузки; снимает поддержка Битрикс24",
    "PORTAL_DELETED": "портал Битрикс24 удалён",
}
_WRONG_ADDRESS = "Битрикс24 не признаёт адрес вебхука: он удалён, просрочен или у сотрудника нет прав на CRM"


@lru_cache(maxsize=1)
def _http() -> httpx.Client:
    return httpx.Client(timeout=_TIMEOUT, trust_env=False, headers={"Accept": "application/json"})


def call(base_url: str, method: str, body: dict[str, Any]) -> Any:
    """The `result` of one call.

    Raises:
        CrmFailure: as the kind of failure says what may be repeated.
    """
    limiter.wait_turn(base_url)
    try:
        answer = _http().post(f"{base_url}/{method}", json=body)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise NotExecuted("Битрикс24 не отвечает", retry_after_s=_AWAY_S, away=True) from error
    except httpx.HTTPError as error:
        raise Uncertain(f"связь с Битрикс24 оборвалась: {type(error).__name__}") from error
    return _result(answer)


def _result(answer: httpx.Response) -> Any:
    try:
        envelope = answer.json()
    except ValueError as error:
        raise _without_envelope(answer.status_code) from error
    if not isinstance(envelope, dict) or not {"result", "error"} & envelope.keys():
        raise _without_envelope(answer.status_code)
    if "result" in envelope and answer.status_code < _BAD_REQUEST:
        return envelope["result"]
    raise failure(answer.status_code, envelope)


def _without_envelope(status: int) -> CrmFailure:
    if _REDIRECT <= status < _BAD_REQUEST:
        return Shut("портал Битрикс24 переехал: укажите новый адрес вебхука в KABINET_BITRIX24_URL")
    return Uncertain(f"Битрикс24 ответил не по-своему: HTTP {status}")


def failure(status: int, envelope: dict[str, Any]) -> CrmFailure:
    """What an error of Bitrix24 means. A `status` of 400 is assumed for the errors inside a batch."""
    code = str(envelope.get("error", "")).upper()
    words = log.redact_text(str(envelope.get("error_description", "")))[:200]
    _log.info("crm.refused", status=status, code=code)
    if code in _BUSY:
        return NotExecuted(f"Битрикс24 просит подождать: {code}", retry_after_s=_BUSY[code])
    if code == "OVERLOAD_LIMIT" or "PORTAL_DELETED" in code:
        return Shut(_WORDS[code])
    if status in _SHUT_STATUSES:
        return Shut(_WORDS["ACCESS_DENIED"] if code == "ACCESS_DENIED" else f"{_WRONG_ADDRESS} ({code or status})")
    if code == "NOT_FOUND" or words.casefold() == "not found":
        return NotFound("в Битрикс24 этого больше нет")
    if status >= _SERVER_ERROR:
        return Uncertain(f"ошибка Битрикс24: {code or status}")
    return Rejected(f"{code}: {words}" if code else words or f"HTTP {status}")
