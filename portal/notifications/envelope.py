"""A Message as the bytes that SMTP carries: the same bytes, with the same Message-ID, at every repeat."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, quote
from urllib.parse import urlsplit
from uuid import UUID

from kernel.addresses import parse_address
from kernel.errors import KabinetError
from kernel.settings import get_settings
from portal.notifications.troubles import BAD_ADDRESS

_EOL = "\r\n"
_DOT_AT_LINE_START = re.compile(rb"(?m)^\.")


class BadAddress(KabinetError):
    """No letter can be addressed so."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a letter is made of. `tries` tells one claim of the row from the next."""

    id: UUID
    kind: str
    recipient: str
    subject: str
    text_body: str
    html_body: str
    created_at: datetime
    notice_id: UUID | None
    invoice_id: UUID | None
    tries: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends, who receives, and the text as it follows DATA, its closing dot included."""

    sender: str
    recipient: str
    data: bytes


def seal(letter: Outgoing) -> Envelope:
    """The letter in its envelope.

    Raises:
        BadAddress: the recipient is not an address that plain SMTP can carry.
    """
    settings = get_settings()
    sender = parse_address(settings.mail_from)
    recipient = _recipient(letter.recipient)
    message = EmailMessage(policy=SMTP)
    message["To"] = recipient
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{letter.id}@{own_host()}>"
    message["Auto-Submitted"] = "auto-generated"
    # base64 keeps Russian short and every line within the 998 characters that SMTP allows.
    message.set_content(letter.text_body, cte="base64")
    message.add_alternative(letter.html_body, subtype="html", cte="base64")
    message.set_boundary(f"kabinet-{letter.id}")
    data = _DOT_AT_LINE_START.sub(b"..", _written_by_us(sender, letter.subject) + message.as_bytes())
    return Envelope(sender.addr_spec, recipient.addr_spec, data + b".\r\n")


def own_host() -> str:
    """The host name that this installation is known by."""
    return urlsplit(get_settings().base_url).hostname or "localhost"


def _written_by_us(sender: Address, subject: str) -> bytes:
    # EmailMessage folds long Russian at a space and leaves that space between two encoded words, where RFC 2047 has
    # every reader drop it: «по договору№ 2026-0040». Header keeps each space inside a word.
    fields = {"From": _shown(sender), "Subject": _encoded("Subject", subject)}
    return "".join(f"{field}: {value}{_EOL}" for field, value in fields.items()).encode("ascii")


def _shown(sender: Address) -> str:
    name = sender.display_name
    if not name:
        return sender.addr_spec
    shown = f'"{quote(name)}"' if name.isascii() else _encoded("From", name)
    return f"{shown}{_EOL} <{sender.addr_spec}>"


def _encoded(field: str, text: str) -> str:
    return Header(" ".join(text.splitlines()), "utf-8", header_name=field).encode(linesep=_EOL)


def _recipient(written: str) -> Address:
    try:
        return parse_address(written)
    except ValueError as error:
        raise BadAddress(BAD_ADDRESS) from error
