"""Reading what a client sent to the sandbox's own pages and controls."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request


class RefusalError(Exception):
    """The request cannot be done; the text says why, `status` how."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class MissingError(Exception):
    """No such payment, letter or part: the page says so."""


async def read_json(request: Request) -> dict[str, Any]:
    """The JSON object of the body; an empty body is an empty object.

    Raises:
        RefusalError: 400 for anything else, 403 for a foreign page's request.
    """
    _refuse_foreign_pages(request)
    raw = await request.body()
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise RefusalError("the body is no JSON") from None
    if not isinstance(body, dict):
        raise RefusalError("the body must be a JSON object")
    return body


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form; of a repeated one the last.

    Raises:
        RefusalError: 403 for a foreign page's request.
    """
    _refuse_foreign_pages(request)
    raw = await request.body()
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def read_number(request: Request, name: str, default: int, most: int) -> int:
    """An integer of the query string from 0 to `most`.

    Raises:
        RefusalError: 400 for anything else.
    """
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise RefusalError(f"{name}: an integer from 0 to {most}")
    return int(text)


def _refuse_foreign_pages(request: Request) -> None:
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise RefusalError("another site's page may not do this", 403)
