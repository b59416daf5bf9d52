"""`batch`: up to fifty commands in one request, one after another, each with an outcome of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.bitrix24.errors import CrmError
from sandbox.bitrix24.params import from_form

Json = dict[str, Any]

_MOST = 50
_REFERENCE = re.compile(r"\$result((?:\[[^\[\]]*\])+)")
_STEP = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True)
class Command:
    """One command: its key, its method, and its parameters as they were written."""

    key: str
    method: str
    query: str

    def params(self, results: Json) -> Json:
        """The parameters, with what earlier commands answered put in."""
        return {name: _resolved(value, results) for name, value in from_form(self.query).items()}


@dataclass
class Outcomes:
    """What came of the commands so far."""

    result: Json = field(default_factory=dict)
    result_error: Json = field(default_factory=dict)
    result_total: Json = field(default_factory=dict)
    result_next: Json = field(default_factory=dict)
    result_time: Json = field(default_factory=dict)

    def as_json(self) -> Json:
        """Five objects; an empty one is an empty list."""
        return {name: value or [] for name, value in vars(self).items()}


# Carries one command out: its value, total, next and time.
Runner = Callable[[Command, Json], tuple[Any, int | None, int | None, Json]]


def commands_of(params: Json) -> list[Command]:
    """The commands in order.

    Raises:
        CrmError: 400, there are none.
    """
    given = params.get("cmd")
    if isinstance(given, list):
        given = {str(number): text for number, text in enumerate(given)}
    if not isinstance(given, dict) or not given:
        raise CrmError(400, "100", "Could not find value for parameter {cmd}")
    return [_command(key, text) for key, text in given.items()]


def halts(params: Json) -> bool:
    """Whether the first error ends the batch."""
    return str(params.get("halt", "0")).lower() in {"1", "true", "y"}


def run_all(commands: list[Command], run: Runner, *, halt: bool) -> Outcomes:
    """Carry the commands out. Those past the fiftieth are refused one by one."""
    outcomes = Outcomes()
    for number, command in enumerate(commands):
        try:
            if number >= _MOST:
                raise CrmError(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
            _note(outcomes, command, run(command, outcomes.result))
        except CrmError as error:
            outcomes.result_error[command.key] = error.body()
            if halt:
                break
    return outcomes


def _note(outcomes: Outcomes, command: Command, done: tuple[Any, int | None, int | None, Json]) -> None:
    value, total, following, spent = done
    outcomes.result[command.key] = value
    outcomes.result_time[command.key] = spent
    if total is not None:
        outcomes.result_total[command.key] = total
    if following is not None:
        outcomes.result_next[command.key] = following


def _command(key: str, text: Any) -> Command:
    if isinstance(text, dict):
        return Command(key, str(text.get("method", "")), str(text.get("params", "")))
    method, _, query = str(text).partition("?")
    return Command(key, method.strip("/ "), query)


def _resolved(value: Any, results: Json) -> Any:
    if isinstance(value, dict):
        return {name: _resolved(item, results) for name, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, results) for item in value]
    if not isinstance(value, str) or "$result" not in value:
        return value
    if match := _REFERENCE.fullmatch(value):
        return _looked_up(match[1], results)
    return _REFERENCE.sub(lambda found: _as_text(_looked_up(found[1], results)), value)


def _looked_up(path: str, results: Json) -> Any:
    """What an earlier command answered there; an empty text where it answered nothing."""
    node: Any = results
    for step in _STEP.findall(path):
        if isinstance(node, dict) and step in node:
            node = node[step]
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            return ""
    return node


def _as_text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)
