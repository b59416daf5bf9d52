"""The shops that may call, each with its secret and its settings."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, fields
from typing import Any

from sandbox.database import Store
from sandbox.yookassa.errors import unauthorized

DEMO_SHOP = "100500"
DEMO_SECRET = "test_sandbox"


@dataclass(frozen=True)
class Shop:
    """What a shop's owner agrees with the gateway's manager.

    `autopayments`: may save methods and charge them. `form_retries`: after a decline the payer may try again on the
    form. `receipt_first`: a payment stays pending until the till has answered (`receipt_fails`: it refuses).
    """

    account_id: str
    secret: str
    gateway_id: str
    name: str
    autopayments: bool = True
    form_retries: bool = True
    receipt_first: bool = False
    receipt_fails: bool = False
    webhook_url: str | None = None

    @property
    def test(self) -> bool:
        """Whether this is a test shop, by its key."""
        return self.secret.startswith("test_")


_FLAGS = ("autopayments", "form_retries", "receipt_first", "receipt_fails")
_DEMO = Shop(DEMO_SHOP, DEMO_SECRET, "100700", "Демонстрационный магазин")


class ShopError(ValueError):
    """A shop's description that cannot be taken; the text says why."""


def ensure_demo_shop(store: Store) -> None:
    """The demo shop is there from the start."""
    if find(store, DEMO_SHOP) is None:
        _keep(store, _DEMO)


def find(store: Store, account_id: str) -> Shop | None:
    """The shop of that id."""
    row = store.one("SELECT * FROM shops WHERE account_id = ?", account_id)
    if row is None:
        return None
    return Shop(**{**dict(row), **{name: bool(row[name]) for name in _FLAGS}})


def listed(store: Store) -> list[Shop]:
    """All shops."""
    ids = store.all("SELECT account_id FROM shops ORDER BY account_id")
    return [shop for row in ids if (shop := find(store, row["account_id"]))]


def change(store: Store, settings: dict[str, Any]) -> Shop:
    """Make a shop or change the named settings of one.

    Raises:
        ShopError: an unknown setting, a wrong type, or a new shop without a secret.
    """
    account_id = settings.get("account_id")
    if not isinstance(account_id, str) or not account_id:
        raise ShopError("account_id: a string is needed")
    known = {field.name for field in fields(Shop)}
    if unknown := set(settings) - known:
        raise ShopError(f"unknown: {', '.join(sorted(unknown))}")
    for name, value in settings.items():
        right = isinstance(value, bool) if name in _FLAGS else isinstance(value, str)
        if not right and not (name == "webhook_url" and value is None):
            raise ShopError(f"{name}: {'true or false' if name in _FLAGS else 'a string'} is needed")
    shop = find(store, account_id)
    if shop is None and not settings.get("secret"):
        raise ShopError("secret: needed for a new shop")
    defaults = {"gateway_id": str(100_200 + len(listed(store))), "name": f"Магазин {account_id}"}
    _keep(store, Shop(**{**(vars(shop) if shop else defaults), **settings}))
    return Shop(**{**(vars(shop) if shop else defaults), **settings})


def authenticate(store: Store, header: str | None) -> Shop:
    """The shop that sent this `Authorization` header.

    Raises:
        ApiError: 401.
    """
    if not header:
        raise unauthorized("Authorization header not found")
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        raise unauthorized("Authorization type is not supported")
    try:
        account_id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise unauthorized("Basic authentication failed") from None
    shop = find(store, account_id)
    if shop is None or not hmac.compare_digest(shop.secret.encode(), secret.encode()):
        raise unauthorized("Basic authentication failed. Check the shop id and the secret key")
    return shop


def _keep(store: Store, shop: Shop) -> None:
    names = [field.name for field in fields(Shop)]
    marks = ", ".join("?" * len(names))
    store.run(
        f"INSERT OR REPLACE INTO shops ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - the class's own names
        *(getattr(shop, name) for name in names),
    )
