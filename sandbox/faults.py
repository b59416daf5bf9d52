"""Faults on request: which call goes wrong, in which way, the same each time for the same seed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sandbox.database import Store

SYSTEMS: dict[str, dict[str, str]] = {
    "yookassa": {
        "error_500_before": "500, ничего не сделано",
        "error_500_after": "500, операция выполнена",
        "error_500_canceled": "500, операция отменена ЮKassa",
        "drop_before": "обрыв связи, ничего не сделано",
        "drop_after": "обрыв связи, операция выполнена",
        "hang": "ответа нет, операция выполнена",
        "slow": "медленный ответ",
        "too_many_requests": "429, слишком часто",
        "processing_202": "202, ещё обрабатывается",
        "html_502": "502 от прокси, страница HTML",
        "cut_json": "ответ обрывается на полуслове",
        "unknown_fields": "незнакомые поля в ответе",
        "unknown_reason": "незнакомая причина отказа",
        "unknown_method": "незнакомый способ оплаты",
        "unknown_status": "незнакомое состояние",
    },
    "webhook": {
        "webhook_duplicate": "уведомление приходит дважды",
        "webhook_delay": "уведомление опаздывает",
        "webhook_shuffle": "уведомления приходят не по порядку",
        "webhook_lost": "уведомление теряется",
        "webhook_before_answer": "уведомление раньше ответа",
    },
    "bitrix24": {
        "error_500_before": "500, ничего не сделано",
        "error_500_after": "500, вызов выполнен",
        "drop_before": "обрыв связи, ничего не сделано",
        "drop_after": "обрыв связи, вызов выполнен",
        "html_502": "502 от прокси, страница HTML",
        "hang": "ответа нет, вызов выполнен",
        "slow": "медленный ответ",
        "cut_json": "ответ обрывается на полуслове",
        "too_many_requests": "503, слишком часто",
        "operation_time_limit": "429, метод работал слишком долго",
        "commercial_plans": "403, тариф не оплачен",
        "overload_limit": "503, портал заблокирован",
        "killed_mid_batch": "504, выполнена только часть пакета",
    },
    "crm_event": {
        "lost": "событие теряется",
        "duplicate": "событие приходит дважды",
        "delay": "событие опаздывает",
        "shuffle": "события приходят не по порядку",
    },
    "mail": {
        "reject_4xx": "временный отказ 451",
        "reject_5xx": "адрес отвергнут 550",
        "drop_after_data": "письмо принято, подтверждения нет",
        "down": "почтовый сервер недоступен",
    },
}

MATCHES = {
    "yookassa": ("method", "path", "key", "payment_method_id"),
    "webhook": ("event", "object_id", "payment_method_id"),
    "bitrix24": ("method", "entity_type", "external_id"),
    "crm_event": ("event", "object_id"),
    "mail": ("to",),
}
_OPTIONS = ("seconds", "retry_after", "effect")


class FaultRuleError(ValueError):
    """A rule that says nothing the sandbox can do; the text says which part."""


@dataclass(frozen=True)
class Fault:
    """One rule. `match` holds glob patterns; all must fit.

    `times` fires on the first so many fitting calls, `rate` on a share of them chosen by hash(seed, key, number of
    the call); neither: on all.
    """

    id: int
    system: str
    kind: str
    match: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    rate: float | None = None
    seed: int = 0
    seconds: float | None = None
    retry_after: int | None = None
    effect: str | None = None

    def fits(self, facts: dict[str, str]) -> bool:
        """Whether each pattern matches the call's fact of that name."""
        return all(fnmatchcase(facts.get(name, ""), pattern) for name, pattern in self.match.items())


class Faults:
    """The rules that are on, kept in the database and in memory."""

    def __init__(self, store: Store) -> None:
        """Take up the stored rules."""
        self._store = store
        self._rules: list[Fault] = []
        self.reload()

    def reload(self) -> None:
        """Read the rules anew."""
        rows = self._store.all("SELECT id, rule FROM faults ORDER BY id")
        self._rules = [Fault(id=row["id"], **json.loads(row["rule"])) for row in rows]

    def switch_on(self, rule: dict[str, Any]) -> Fault:
        """Add a rule given as JSON.

        Raises:
            FaultRuleError: a part of it is wrong.
        """
        checked = _checked(rule)
        cursor = self._store.run(
            "INSERT INTO faults (system, rule, fired) VALUES (?, ?, 0)", checked["system"], json.dumps(checked)
        )
        self.reload()
        return next(fault for fault in self._rules if fault.id == cursor.lastrowid)

    def switch_off(self, fault_id: int | None = None) -> int:
        """Remove one rule, or all; the number of removed ones."""
        removed = self._store.run("DELETE FROM faults WHERE id = ?1 OR ?1 IS NULL", fault_id).rowcount
        self._store.run("DELETE FROM fault_calls WHERE fault_id = ?1 OR ?1 IS NULL", fault_id)
        self.reload()
        return removed

    def listed(self) -> list[dict[str, Any]]:
        """The rules as JSON, each with how often it fired."""
        fired = {row["id"]: row["fired"] for row in self._store.all("SELECT id, fired FROM faults")}
        return [{**asdict(rule), "fired": fired.get(rule.id, 0)} for rule in self._rules]

    def strike(
        self, system: str, key: str, facts: dict[str, str], kind: str | None = None, but: str | None = None
    ) -> Fault | None:
        """The first rule (of this kind, or of any `but` one) that fires on this call, counted as fired.

        `key` names the call for `rate`: the same seed, key and number of the call give the same answer.
        """
        for rule in self._rules:
            if rule.system != system or kind not in {None, rule.kind} or rule.kind == but:
                continue
            if rule.fits(facts) and self._fires(rule, key):
                self._store.run("UPDATE faults SET fired = fired + 1 WHERE id = ?", rule.id)
                return rule
        return None

    def _fires(self, rule: Fault, key: str) -> bool:
        if rule.times is not None:
            return self._store.number("SELECT fired FROM faults WHERE id = ?", rule.id) < rule.times
        return rule.rate is None or chance(rule.seed, key, self._call_number(rule.id, key)) < rule.rate

    def _call_number(self, fault_id: int, key: str) -> int:
        return self._store.number(
            "INSERT INTO fault_calls (fault_id, key, n) VALUES (?, ?, 1)"
            " ON CONFLICT (fault_id, key) DO UPDATE SET n = n + 1 RETURNING n",
            fault_id, key,
        )  # fmt: skip


def chance(seed: int, key: str, number: int) -> float:
    """A fraction in [0, 1) that depends on nothing but its arguments."""
    digest = hashlib.blake2b(f"{seed}:{key}:{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _checked(rule: dict[str, Any]) -> dict[str, Any]:
    system, kind = rule.get("system"), rule.get("kind")
    if system not in SYSTEMS:
        raise FaultRuleError(f"system: one of {', '.join(SYSTEMS)}")
    if kind not in SYSTEMS[system]:
        raise FaultRuleError(f"kind: for {system} one of {', '.join(SYSTEMS[system])}")
    unknown = set(rule) - {"system", "kind", "match", "times", "rate", "seed", *_OPTIONS}
    if unknown:
        raise FaultRuleError(f"unknown: {', '.join(sorted(unknown))}")
    checked = {"system": system, "kind": kind, "match": _checked_match(system, rule.get("match") or {})}
    return checked | _checked_dose(rule) | _checked_options(rule)


def _checked_match(system: str, match: Any) -> dict[str, str]:
    if not isinstance(match, dict) or not all(isinstance(value, str) for value in match.values()):
        raise FaultRuleError("match: an object of glob patterns")
    unknown = set(match) - set(MATCHES[system])
    if unknown:
        raise FaultRuleError(f"match: for {system} only {', '.join(MATCHES[system])}")
    return match


def _checked_dose(rule: dict[str, Any]) -> dict[str, Any]:
    times, rate, seed = rule.get("times"), rule.get("rate"), rule.get("seed", 0)
    if times is not None and rate is not None:
        raise FaultRuleError("times or rate, not both")
    if times is not None and not _is_int(times, 1):
        raise FaultRuleError("times: an integer of at least 1")
    if rate is not None and not (_is_number(rate) and 0 <= rate <= 1):
        raise FaultRuleError("rate: a number from 0 to 1")
    if not _is_int(seed, 0):
        raise FaultRuleError("seed: an integer of at least 0")
    return {"times": times, "rate": rate, "seed": seed}


def _checked_options(rule: dict[str, Any]) -> dict[str, Any]:
    seconds, retry_after, effect = (rule.get(name) for name in _OPTIONS)
    if seconds is not None and not (_is_number(seconds) and seconds >= 0):
        raise FaultRuleError("seconds: a number of at least 0")
    if retry_after is not None and not _is_int(retry_after, 0):
        raise FaultRuleError("retry_after: milliseconds, an integer")
    if effect not in {None, "before", "after"}:
        raise FaultRuleError("effect: before or after")
    return {"seconds": seconds, "retry_after": retry_after, "effect": effect}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_int(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
