"""Reading a request's fields, with the gateway's own words for what is wrong."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.yookassa.errors import invalid

_METADATA_KEYS, _METADATA_KEY, _METADATA_VALUE = 16, 32, 512
_RETURN_URL = 2048
_LOCALES = ("ru_RU", "en_US")


def text(body: dict[str, Any], name: str, longest: int) -> str | None:
    """An optional string.

    Raises:
        ApiError: 400 naming the field.
    """
    value = body.get(name)
    if value is None:
        return None
    label = name.replace("_", " ").capitalize()
    if not isinstance(value, str):
        raise invalid(f"{label} is illegal", name)
    if len(value) > longest:
        raise invalid(f"{label} is too long. Max. length is {longest}", name)
    return value


def flag(body: dict[str, Any], name: str) -> bool | None:
    """An optional boolean; the documentation's samples also write it as a string.

    Raises:
        ApiError: 400 naming the field.
    """
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return value
    if value in {"true", "false"}:
        return bool(value == "true")
    raise invalid(f"{name} is illegal", name)


def metadata(body: dict[str, Any]) -> dict[str, str | None]:
    """The shop's own pairs, `{}` if none.

    Raises:
        ApiError: 400 with parameter `metadata`.
    """
    pairs = body.get("metadata")
    if pairs is None:
        return {}
    if not isinstance(pairs, dict):
        raise invalid("Metadata is illegal", "metadata")
    if len(pairs) > _METADATA_KEYS:
        raise invalid(f"Metadata object is limited to {_METADATA_KEYS} keys", "metadata")
    for key, value in pairs.items():
        if not 0 < len(key) <= _METADATA_KEY:
            raise invalid(f"Metadata key is too long. Max. length is {_METADATA_KEY}", "metadata")
        if value is not None and not (isinstance(value, str) and len(value) <= _METADATA_VALUE):
            raise invalid(f"Metadata value must be a string of at most {_METADATA_VALUE} characters", "metadata")
    return pairs


def confirmation(body: dict[str, Any], kinds: tuple[str, ...]) -> dict[str, Any]:
    """How the payer is to confirm: the checked `confirmation` object.

    Raises:
        ApiError: 400 naming the field.
    """
    value = body.get("confirmation")
    if not isinstance(value, dict):
        raise invalid("Confirmation is missing or illegal", "confirmation")
    kind = value.get("type")
    if not kind:
        raise invalid("Missing confirmation type", "confirmation.type")
    if kind not in kinds:
        raise invalid("Confirmation type is not supported", "confirmation.type")
    if value.get("locale") not in {None, *_LOCALES}:
        raise invalid("Locale is illegal", "confirmation.locale")
    needs_url = kind in {"redirect", "mobile_application"}
    return {"type": kind, "return_url": _return_url(value, needs_url), "enforce": flag(value, "enforce")}


def _return_url(value: dict[str, Any], required: bool) -> str | None:  # noqa: FBT001 - read beside its name
    url = value.get("return_url")
    if url is None and not required:
        return None
    name = "confirmation.return_url"
    if not url:
        raise invalid("Return url is missing", name)
    if not isinstance(url, str) or not _is_absolute(url):
        raise invalid("Return url is illegal", name)
    if len(url) > _RETURN_URL:
        raise invalid(f"Return url is too long. Max. length is {_RETURN_URL}", name)
    return url


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = not re.search(r"[\s\x00-\x1f]", url)
    return plain and bool(parts.scheme) and bool(parts.netloc) and parts.scheme not in {"javascript", "data"}
