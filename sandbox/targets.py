"""Where the sandbox sends what the outside world would send."""

from __future__ import annotations

from sandbox.database import Store

NAMES = ("yookassa_url", "bitrix24_url", "application_token")


def read(store: Store) -> dict[str, str | None]:
    """All targets; None where none is set."""
    known = {row["name"]: row["value"] for row in store.all("SELECT name, value FROM targets")}
    return {name: known.get(name) for name in NAMES}


def change(store: Store, targets: dict[str, str | None]) -> None:
    """Set the named targets; None or an empty text removes one."""
    for name, value in targets.items():
        if value:
            store.run("INSERT OR REPLACE INTO targets (name, value) VALUES (?, ?)", name, value)
        else:
            store.run("DELETE FROM targets WHERE name = ?", name)


def webhook_url(store: Store) -> str | None:
    """Where payment notifications go, for shops without an address of their own."""
    row = store.one("SELECT value FROM targets WHERE name = 'yookassa_url'")
    return str(row["value"]) if row else None
