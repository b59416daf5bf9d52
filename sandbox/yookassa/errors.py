"""The gateway's error answers."""

from __future__ import annotations

import uuid
from typing import Any


class ApiError(Exception):
    """An answer other than 200; nothing was done."""

    def __init__(
        self, status: int, code: str, description: str, parameter: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description
        self.parameter = parameter
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The JSON of the answer; `retry_after` is in milliseconds."""
        body = {"type": "error", "id": str(uuid.uuid4()), "code": self.code, "description": self.description}
        extra = {"parameter": self.parameter, "retry_after": self.retry_after}
        return body | {name: value for name, value in extra.items() if value is not None}


def invalid(description: str, parameter: str | None = None) -> ApiError:
    """400: the request is wrong."""
    return ApiError(400, "invalid_request", description, parameter)


def forbidden(description: str) -> ApiError:
    """403: the shop has no such right."""
    return ApiError(403, "forbidden", description)


def not_found(description: str, parameter: str | None = None) -> ApiError:
    """404: no such object in this shop."""
    return ApiError(404, "not_found", description, parameter)


def unauthorized(description: str) -> ApiError:
    """401: the shop did not prove who it is."""
    return ApiError(401, "invalid_credentials", description)
