"""Parameters as PHP reads them: JSON, or forms whose names have brackets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from sandbox.bitrix24.errors import CrmError

_KEYS = re.compile(r"\[([^\]]*)\]")


def read(method: str, content_type: str, query: str, raw: bytes) -> dict[str, Any]:
    """The parameters of a request. A GET's body is not read.

    Raises:
        CrmError: 400, a body that says it is JSON and is none.
    """
    params = from_form(query)
    if method == "GET" or not raw.strip():
        return params
    if "json" not in content_type.lower():
        return params | from_form(raw.decode("utf-8", "replace"))
    try:
        body = json.loads(raw)
    except ValueError:
        raise CrmError(400, "100", "Invalid JSON in request body") from None
    return params | (body if isinstance(body, dict) else {})


def from_form(text: str) -> dict[str, Any]:
    """`fields[PHONE][0][VALUE]=1` as nested objects; keys that count from 0 make a list."""
    return nested(parse_qsl(text, keep_blank_values=True, max_num_fields=10_000))


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Pairs with brackets in their names as nested objects."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        head, bracket, rest = name.partition("[")
        _place(root, [head, *_KEYS.findall(bracket + rest)], value)
    return {name: _listed(value) for name, value in root.items()}


def _place(root: dict[str, Any], keys: list[str], value: str) -> None:
    node = root
    for key in keys[:-1]:
        inner = node.setdefault(key or str(len(node)), {})
        if not isinstance(inner, dict):
            return
        node = inner
    node[keys[-1] or str(len(node))] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    if list(inner) == [str(number) for number in range(len(inner))]:
        return list(inner.values())
    return inner
