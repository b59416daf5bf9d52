"""Letters as rows and as JSON."""

from __future__ import annotations

import email
import email.policy
import json
import re
import uuid
from email.message import EmailMessage
from typing import Any

from sandbox.database import Store
from sandbox.moments import iso, parse_iso

_CONTRACT = re.compile(r"\b(?:договор\w*|contract)\W{0,3}№\s?([\w-]+)", re.IGNORECASE)


def keep(store: Store, raw: bytes, sender: str, recipients: list[str], at: int, real_at: int) -> str:
    """Store a letter once per recipient and Message-ID, counting the copies; the Message-ID."""
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    message_id = str(letter.get("Message-ID", "")).strip() or f"<{uuid.uuid4()}@without-id>"
    headers = json.dumps([[name, str(value)] for name, value in letter.items()], ensure_ascii=False)
    text = _body(letter, "plain")
    for recipient in recipients:
        for contract in set(_CONTRACT.findall(text)):
            store.run("INSERT OR IGNORE INTO addressees (contract, recipient) VALUES (?, ?)", contract, recipient)
        store.run(
            "INSERT INTO mails (message_id, recipient, sender, subject, at, real_at, copies, text, html, headers)"
            " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)"
            " ON CONFLICT (message_id, recipient) DO UPDATE SET copies = copies + 1",
            message_id, recipient, sender, str(letter.get("Subject", "")), at, real_at,
            text, _body(letter, "html"), headers,
        )  # fmt: skip
    return message_id


def read(store: Store, to: str | None = None, since: str | None = None, limit: int = 1000) -> list[dict[str, Any]]:
    """Letters, oldest first. `since`: an id, or a virtual ISO datetime; those after it.

    Raises:
        ValueError: `since` is neither.
    """
    conditions, values = ["1"], list[object]()
    if to:
        conditions.append("recipient = ? COLLATE NOCASE")
        values.append(to)
    if since:
        conditions.append("id > ?" if since.isdigit() else "at > ?")
        values.append(int(since) if since.isdigit() else parse_iso(since))
    where = " AND ".join(conditions)
    rows = store.all(f"SELECT * FROM mails WHERE {where} ORDER BY id LIMIT ?", [*values, limit])  # noqa: S608 - constants
    return [_as_json(dict(row)) for row in rows]


def find(store: Store, mail_id: int) -> dict[str, Any] | None:
    """One letter."""
    row = store.one("SELECT * FROM mails WHERE id = ?", mail_id)
    return _as_json(dict(row)) if row else None


def addressees(store: Store) -> dict[str, list[str]]:
    """To whom letters about each contract number went."""
    by_contract: dict[str, list[str]] = {}
    for row in store.all("SELECT contract, recipient FROM addressees ORDER BY contract, recipient"):
        by_contract.setdefault(row["contract"], []).append(row["recipient"])
    return by_contract


def latest(store: Store, to: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest letters first, for a page."""
    rows = store.all(
        "SELECT id, at, recipient, sender, subject, copies, substr(text, 1, 160) AS beginning FROM mails"
        " WHERE recipient = ? COLLATE NOCASE OR ? = '' ORDER BY id DESC LIMIT ?",
        [to or "", to or "", limit],
    )
    return [dict(row) for row in rows]


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    row["to"], row["from"] = row.pop("recipient"), row.pop("sender")
    row["at"], row["real_at"] = iso(row["at"]), iso(row["real_at"])
    row["headers"] = dict(json.loads(row["headers"]))
    return row


def _body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    if part is None:
        return ""
    content = part.get_content()
    return content if isinstance(content, str) else ""
