"""What a fault makes of a call and of its answer."""

from __future__ import annotations

import json
from typing import Any

from sandbox.bitrix24.errors import CrmError
from sandbox.faults import Fault
from sandbox.sent import Sent, proxy_page

KILLED = "killed_mid_batch"
# A command of a batch may meet this alone; every other fault is one of the whole request.
OF_ONE_COMMAND = "operation_time_limit"
_HANG_S, _SLOW_S = 75.0, 3.0

_REFUSALS = {
    "error_500_before": CrmError(500, "INTERNAL_SERVER_ERROR", "Internal server error"),
    "error_500_after": CrmError(500, "INTERNAL_SERVER_ERROR", "Internal server error"),
    "too_many_requests": CrmError(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"),
    OF_ONE_COMMAND: CrmError(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."),
    "commercial_plans": CrmError(403, "ACCESS_DENIED", "REST API is available only on commercial plans"),
    "overload_limit": CrmError(503, "OVERLOAD_LIMIT", "REST API is blocked due to overload"),
}
_BEFORE = frozenset(_REFUSALS) - {"error_500_after"} | {"drop_before"}


def acts_before(fault: Fault | None) -> bool:
    """Whether the fault keeps the call from doing anything."""
    if fault is None:
        return False
    return fault.effect == "before" if fault.effect else fault.kind in _BEFORE


def refusal(kind: str) -> CrmError:
    """The error that a fault answers with."""
    return _REFUSALS[kind]


def plain(status: int, body: dict[str, Any]) -> Sent:
    """An answer as it is."""
    return Sent(status, json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8")


def spoil(fault: Fault, made: Sent) -> Sent:
    """What the client gets instead of the answer."""
    if fault.kind in _REFUSALS:
        error = _REFUSALS[fault.kind]
        return plain(error.status, error.body())
    if fault.kind == "html_502":
        return proxy_page(502)
    if fault.kind == KILLED:
        return proxy_page(504)
    if fault.kind == "cut_json":
        made.content = made.content[: len(made.content) * 2 // 3]
    elif fault.kind in {"hang", "slow"}:
        usual = _HANG_S if fault.kind == "hang" else _SLOW_S
        made.delay_s = usual if fault.seconds is None else fault.seconds
    made.dropped = fault.kind in {"drop_before", "drop_after", "hang"} or not made.status
    return made
