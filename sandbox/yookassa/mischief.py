"""What a fault makes of a call and of its answer."""

from __future__ import annotations

import copy
import json

from sandbox.faults import Fault
from sandbox.sent import Sent, proxy_page
from sandbox.yookassa.errors import ApiError
from sandbox.yookassa.gateway import Answer
from sandbox.yookassa.records import Json

UNKNOWN_REASON = "issuer_reconsidered"
_HANG_S, _SLOW_S = 65.0, 3.0
_BEFORE = frozenset({"error_500_before", "drop_before", "too_many_requests", "processing_202"})


def acts_before(fault: Fault | None) -> bool:
    """Whether the fault keeps the call from doing anything."""
    if fault is None:
        return False
    return fault.effect == "before" if fault.effect else fault.kind in _BEFORE


def forced_reason(fault: Fault | None) -> str | None:
    """The cancellation reason that the fault forces on the operation."""
    forced = {"error_500_canceled": "internal_timeout", "unknown_reason": UNKNOWN_REASON}
    return forced.get(fault.kind) if fault else None


def plain(answer: Answer) -> Sent:
    """An answer without a fault."""
    return Sent(answer.status, json.dumps(answer.body, ensure_ascii=False).encode())


def spoil(fault: Fault, answer: Answer) -> Sent:
    """What the client gets instead of the answer."""
    kind = fault.kind
    if kind.startswith("error_500"):
        return plain(_refusal(ApiError(500, "internal_server_error", "Internal server error. Retry the request")))
    if kind == "too_many_requests":
        return plain(_refusal(ApiError(429, "too_many_requests", "Too many requests", None, fault.retry_after)))
    if kind == "processing_202":
        retry_after = 1800 if fault.retry_after is None else fault.retry_after
        body = {
            "type": "processing",
            "description": "Request accepted, but not processed yet",
            "retry_after": retry_after,
        }
        return plain(Answer(202, body))
    if kind == "html_502":
        return proxy_page(502)
    return _delayed(fault, answer) if kind in {"drop_before", "drop_after", "hang", "slow"} else _garbled(kind, answer)


def _delayed(fault: Fault, answer: Answer) -> Sent:
    sent = plain(answer)
    if fault.kind in {"hang", "slow"}:
        usual = _HANG_S if fault.kind == "hang" else _SLOW_S
        sent.delay_s = usual if fault.seconds is None else fault.seconds
    sent.dropped = fault.kind != "slow"
    return sent


def _garbled(kind: str, answer: Answer) -> Sent:
    if kind == "cut_json":
        sent = plain(answer)
        sent.content = sent.content[: len(sent.content) * 2 // 3]
        return sent
    body = copy.deepcopy(answer.body)
    for item in body["items"] if body.get("type") == "list" else [body]:
        _estrange(kind, item)
    return plain(Answer(answer.status, body))


def _estrange(kind: str, view: Json) -> None:
    if kind == "unknown_fields":
        view |= {"risk_profile": {"level": "low", "checks": [1, None, "x"]}, "settlement_hint": None}
        view.setdefault("amount", {})["precision"] = 2
    elif kind == "unknown_method" and "payment_method" in view:
        view["payment_method"] |= {"type": "quantum_wallet", "wallet": {"spin": "up"}}
    elif kind == "unknown_status" and "status" in view:
        view["status"] = "under_review"


def _refusal(error: ApiError) -> Answer:
    return Answer(error.status, error.body())
