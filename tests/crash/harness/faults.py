"""What goes wrong at the sandbox: 15 % of the gateway's calls, notifications, the mail server, the CRM.

The sandbox chooses a share of the calls by hash(seed, key, number of the call). Our keys are new in each run, so the same
seed gives the same rates, not the same calls.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.crash.harness.outside import Outside
from tests.crash.harness.plan import GATEWAY_FAULTS, Plan
from tests.crash.harness.record import Record
from tests.crash.harness.workload import Due

_GATEWAY_SHARE = 0.15
_SLOW_S = 3.0
_LATE_S = 3.0
_STUBBORN = {"unlinks_lost": "drop_before", "unlinks_arrived": "drop_after", "pays_in_doubt": "drop_after"}


def switch_on(plan: Plan, outside: Outside, dues: Sequence[Due]) -> None:
    """Let the outside world misbehave from now on."""
    for due in dues:
        if due.fate in _STUBBORN:
            # Until its customer has taken the card away nobody shall learn what became of it.
            rule = {"system": "yookassa", "kind": _STUBBORN[due.fate], "match": {"payment_method_id": due.token}}
            # Who only tries to pay is to learn the outcome in the end.
            outside.control("faults", rule | ({"times": 3} if due.fate == "pays_in_doubt" else {}))
            told = {"system": "webhook", "kind": "webhook_lost", "match": {"payment_method_id": due.token}}
            outside.control("faults", told)
    each = 1 - (1 - _GATEWAY_SHARE) ** (1 / len(GATEWAY_FAULTS))
    for number, kind in enumerate(GATEWAY_FAULTS):
        _share(outside, plan, "yookassa", kind, each, number, **({"seconds": _SLOW_S} if kind == "slow" else {}))
    _share(outside, plan, "webhook", "webhook_lost", 0.10, 20)
    _share(outside, plan, "webhook", "webhook_duplicate", 0.20, 21, seconds=_LATE_S)
    _share(outside, plan, "webhook", "webhook_shuffle", 0.50, 22, seconds=_LATE_S)
    _share(outside, plan, "mail", "drop_after_data", 0.07, 30)
    # A batch is one request: 7 % of the requests, not of the objects in them.
    _share(outside, plan, "bitrix24", "error_500_after", 0.07, 31, match={"method": "batch"})


def _share(outside: Outside, plan: Plan, system: str, kind: str, rate: float, number: int, **more: object) -> None:
    seed = plan.seed * 100 + number
    outside.control("faults", {"system": system, "kind": kind, "rate": rate, "seed": seed, **more})


def top_up(plan: Plan, outside: Outside, record: Record) -> None:
    """A short run may have been spared some fault by chance: each that is missing strikes the next calls."""
    fired = outside.fired()
    for name, count in fired.items():
        system, _, kind = name.partition(": ")
        missing = plan.faults_wanted - count
        if missing > 0:
            match = {"method": "POST"} if system == "yookassa" else {"method": "batch"} if system == "bitrix24" else {}
            rule = {"system": system, "kind": kind, "match": match, "times": missing}
            if kind in ("slow", "webhook_duplicate", "webhook_shuffle"):
                rule["seconds"] = _SLOW_S
            outside.control("faults", rule)
            record.note("fault", f"{name} ×{missing}", "arranged")
