"""Who may call the portal: inbound webhooks by their code, applications by their token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24.errors import CrmError
from sandbox.database import Store

WEBHOOK, TOKEN = "webhook", "token"
SCOPES = ("crm", "user_basic", "userfieldconfig", "task")
DEMO_CODE, DEMO_TOKEN = "demo", "demo-token"


@dataclass(frozen=True)
class Credential:
    """A right to call as a user, within scopes."""

    kind: str
    user_id: int
    scopes: frozenset[str]

    @property
    def caller(self) -> str:
        """Whose working time a call counts towards."""
        return f"{self.kind}:{self.user_id}"


def ensure(store: Store) -> None:
    """The demo webhook and token are there from the start."""
    if store.one("SELECT 1 FROM crm_credentials LIMIT 1") is None:
        keep(store, WEBHOOK, DEMO_CODE, 1)
        keep(store, TOKEN, DEMO_TOKEN, 1)


def keep(
    store: Store, kind: str, secret: str, user_id: int, scopes: tuple[str, ...] = SCOPES, *, expired: bool = False
) -> None:
    """Add a credential or change it."""
    store.run(
        "INSERT OR REPLACE INTO crm_credentials (secret, kind, user_id, scopes, expired) VALUES (?, ?, ?, ?, ?)",
        secret, kind, user_id, json.dumps(scopes), expired,
    )  # fmt: skip


def listed(store: Store) -> list[dict[str, Any]]:
    """All credentials, their secrets too: they open nothing but this sandbox."""
    rows = store.all("SELECT * FROM crm_credentials ORDER BY kind DESC, user_id, secret")
    return [{**dict(row), "scopes": json.loads(row["scopes"]), "expired": bool(row["expired"])} for row in rows]


def of_webhook(store: Store, user_id: str, code: str) -> Credential:
    """Whose webhook this is.

    Raises:
        CrmError: 401, nobody's.
    """
    row = store.one(
        "SELECT * FROM crm_credentials WHERE kind = ? AND user_id = ? AND secret = ?",
        WEBHOOK, int(user_id) if user_id.isascii() and user_id.isdigit() else -1, code,
    )  # fmt: skip
    if row is None or row["expired"]:
        raise CrmError(401, "INVALID_CREDENTIALS", "Invalid request credentials")
    return _credential(dict(row))


def of_token(store: Store, token: object) -> Credential:
    """Whose access token this is.

    Raises:
        CrmError: 401, none, nobody's or expired.
    """
    if not isinstance(token, str) or not token:
        raise CrmError(401, "NO_AUTH_FOUND", "Wrong authorization data")
    row = store.one("SELECT * FROM crm_credentials WHERE kind = ? AND secret = ?", TOKEN, token)
    if row is None:
        raise CrmError(401, "invalid_token", "Unable to get application by token")
    if row["expired"]:
        raise CrmError(401, "expired_token", "The access token provided has expired")
    return _credential(dict(row))


def _credential(row: dict[str, Any]) -> Credential:
    return Credential(row["kind"], row["user_id"], frozenset(json.loads(row["scopes"])))
