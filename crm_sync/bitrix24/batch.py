"""Several commands in one request, each with an outcome of its own. Counts as one request against the rate.

A command is a URL-encoded query with PHP's brackets; JSON's booleans are lost in it, so they are written Y and N.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from crm_sync.bitrix24.client import call, failure
from crm_sync.port import CrmFailure, Uncertain

# Bitrix24 takes fifty; a batch of writes is kept short of the 60 s after which the cloud kills a request.
MOST_READS = 50
MOST_ROWS = 50
MOST_WRITES = 20
_BAD_REQUEST = 400
# In a batch this stands for what another command answered, which may be about another customer. We refer to nothing so,
# and whoever has it in his name keeps it with a space.
_REFERENCE = re.compile(r"(\$result)(?=\s*\[)", re.IGNORECASE)
# What reading an answer of another shape than the documentation's raises.
NOT_AS_PROMISED = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Command:
    """One method with its parameters."""

    method: str
    parameters: dict[str, Any]

    def text(self) -> str:
        """As it stands in a batch."""
        return f"{self.method}?{urlencode(list(_flat('', self.parameters)))}"


def run(base_url: str, commands: Sequence[Command], *, not_after: float = math.inf) -> list[Any]:
    """The result of each command, or the `CrmFailure` it met; nothing is raised and nothing stops the others.

    Nothing is sent after `not_after`, an instant of `time.monotonic()`.
    """
    if not commands:
        return []
    body = {"halt": 0, "cmd": {f"c{number}": command.text() for number, command in enumerate(commands)}}
    try:
        found = call(base_url, "batch", body, not_after=not_after)
    except CrmFailure as error:
        return [error] * len(commands)
    if not isinstance(found, dict):
        return [Uncertain("Битрикс24 ответил на пакет не по-своему")] * len(commands)
    results, errors = _map(found.get("result")), _map(found.get("result_error"))
    return [_outcome(results, errors, f"c{number}", command.method) for number, command in enumerate(commands)]


def _outcome(results: dict[str, Any], errors: dict[str, Any], key: str, method: str) -> Any:
    if key in errors:
        error = errors[key]
        return failure(_BAD_REQUEST, error if isinstance(error, dict) else {"error": error}, method)
    # Neither result nor error: the request was cut off before this command, or in it.
    return results.get(key, Uncertain("Битрикс24 не сказал, что стало с командой"))


def _map(value: Any) -> dict[str, Any]:
    # PHP writes an empty map as [], and a list where keys happen to be numbers.
    return value if isinstance(value, dict) else {}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{prefix}[{key}]" if prefix else str(key), item)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _flat(f"{prefix}[{number}]", item)
    elif isinstance(value, bool):
        yield prefix, "Y" if value else "N"
    else:
        yield prefix, "" if value is None else _REFERENCE.sub(r"\1 ", str(value))
