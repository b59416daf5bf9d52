"""Structured logs: one JSON object a line, constant event names, ids instead of people.

Values of personal or secret fields are replaced before anything is written, whoever logs them.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
_PRIVATE_KEYS = re.compile(
    r"(?i)(password|secret|token|authorization|cookie|email|phone|address|recipient|gateway_method|body|card|csc|name$)"
)
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
        if _PRIVATE_KEYS.search(key):
            event[key] = HIDDEN
        elif isinstance(value, str) and not _UUID.fullmatch(value):
            event[key] = redact_text(value)
    return event


def configure(level: str = "INFO") -> None:
    """Send structlog and the standard library's logging through one redacting JSON pipeline to stderr."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _redact_foreign],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
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


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one module; events are `noun.verb`, data are keywords."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
