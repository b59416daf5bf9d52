"""One API call as the handlers see it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.yookassa.errors import ApiError, invalid, unauthorized
from sandbox.yookassa.shops import Shop

_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_LONGEST_KEY = 64


@dataclass
class Call:
    """What came in. `forced_reason`: a fault wants the operation to end canceled with it."""

    method: str
    path: str
    headers: dict[str, str]
    query: list[tuple[str, str]]
    raw: bytes
    base_url: str
    forced_reason: str | None = None
    shop_found: Shop | None = None
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def shop(self) -> Shop:
        """Whose call it is.

        Raises:
            ApiError: 401, nobody's.
        """
        if self.shop_found is None:
            raise unauthorized("Authorization header not found")
        return self.shop_found

    @property
    def key(self) -> str:
        """The Idempotence-Key as sent, empty if none."""
        return self.headers.get("idempotence-key", "")

    def parse_body(self) -> None:
        """Read the JSON object of a POST; an empty body is an empty object.

        Raises:
            ApiError: 415 for another content type, 400 for what is no JSON object.
        """
        if not self.raw.strip():
            return
        content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise ApiError(415, "invalid_request", "Unsupported content type. Use application/json")
        try:
            body = json.loads(self.raw)
        except ValueError:
            raise invalid("Invalid JSON in the request body") from None
        if not isinstance(body, dict):
            raise invalid("The request body must be a JSON object")
        self.body = body

    def checked_key(self) -> str:
        """The Idempotence-Key.

        Raises:
            ApiError: 400, missing or malformed.
        """
        if not self.key:
            raise invalid("Idempotence key is empty", "Idempotence-Key")
        if len(self.key) > _LONGEST_KEY:
            raise invalid(f"Idempotence key is too long. Max. length is {_LONGEST_KEY}", "Idempotence-Key")
        if not _KEY.fullmatch(self.key):
            raise invalid("Idempotence key is illegal", "Idempotence-Key")
        return self.key

    def fingerprint(self) -> bytes:
        """Equal for requests with the same data, however the JSON was spaced or ordered."""
        canonical = json.dumps([self.method, self.path, self.body], sort_keys=True)
        return hashlib.sha256(canonical.encode()).digest()
