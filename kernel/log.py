"""Structured logs: one JSON object a line, constant event names, ids instead of people.

Values of personal or secret fields are replaced before anything is written, whoever logs them.
"""

from __future__ import annotations

import logging
import re
import sys
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

HIDDEN = "[hidden]"
_PRIVATE_KEYS = re.compile(
    r"(?i)(password|secret|token|authorization|cookie|email|phone|address|recipient|gateway_method|body|card|csc|name$)"
)
# Without one of these in it a value is no address, phone or card.
_MAY_TELL = re.compile(r"[@\d]")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PHONE = re.compile(r"(?<![\w-])\+?[78][ (-]*\d{3}[ )-]*\d{3}[ -]?\d{2}[ -]?\d{2}(?![\w-])")


def redact_text(text: str) -> str:
    """The text without e-mail addresses, phone numbers and card-like digit runs."""
    for pattern in (_EMAIL, _CARD, _PHONE):
        text = pattern.sub(HIDDEN, text)
    return text


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if key == "event":
            continue
        if _is_private(key):
            event[key] = HIDDEN
        elif isinstance(value, str) and _MAY_TELL.search(value) and not _UUID.fullmatch(value):
            event[key] = redact_text(value)
    return event


@lru_cache
def _is_private(key: str) -> bool:
    return _PRIVATE_KEYS.search(key) is not None


class _Stderr:
    """Lines of our own, past the standard library's logging, which takes as long for one as the rest of it together.

    A log that cannot be written stops nobody.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, line: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = write


def configure(level: str = "INFO") -> None:
    """Send structlog and the standard library's logging through one redacting JSON pipeline to stderr."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Stderr,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _redact_foreign],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, as_json],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "dramatiq", "uvicorn.access", "sqlalchemy.engine"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _redact_foreign(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # A library's message is free text: it has no keys to go by.
    event["event"] = redact_text(str(event.get("event", "")))
    return event


def get(name: str) -> FilteringBoundLogger:
    """The logger of one module; events are `noun.verb`, data are keywords."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger
