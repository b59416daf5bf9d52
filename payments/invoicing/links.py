"""Links by which one invoice is paid without a login: made when first needed, shown again, replaced (docs/adr/0019)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from kernel.ids import uuid7
from kernel.settings import get_settings
from payments.invoicing.models import PayLink

_HALF = 16  # bytes: of the random selector, and of its signature
_PURPOSE = b"pay-link:"


def make_pay_link(session: Session, invoice_id: UUID) -> str:
    """The address at which this invoice is paid: the one that it has, else a new one."""
    session.execute(
        insert(PayLink)
        .values(id=uuid7(), invoice_id=invoice_id, selector=secrets.token_bytes(_HALF))
        .on_conflict_do_nothing(index_elements=[PayLink.invoice_id], index_where=PayLink.revoked_at.is_(None))
    )
    url = find_pay_link(session, invoice_id)
    assert url is not None
    return url


def find_pay_link(session: Session | ReadSession, invoice_id: UUID) -> str | None:
    """The address at which this invoice is paid, if it has one already."""
    selector = session.execute(select(PayLink.selector).where(*_live(invoice_id))).scalar_one_or_none()
    return f"{get_settings().base_url}/pay/{_token(selector)}" if selector else None


def replace_pay_link(session: Session, invoice_id: UUID, *, now: datetime) -> str:
    """A new address; whoever holds the old one sees and pays nothing with it any more."""
    session.execute(update(PayLink).where(*_live(invoice_id)).values(revoked_at=now))
    return make_pay_link(session, invoice_id)


def invoice_of_link(session: Session | ReadSession, token: str) -> UUID:
    """The invoice that a link's secret opens.

    Raises:
        NotFound: no such link, one that was replaced, or one signed with another key.
    """
    selector, signature = _halves(token)
    invoice_id = session.execute(
        select(PayLink.invoice_id).where(PayLink.selector == selector, PayLink.revoked_at.is_(None))
    ).scalar_one_or_none()
    if not hmac.compare_digest(signature, _sign(selector)) or invoice_id is None:
        raise NotFound
    return invoice_id


def _live(invoice_id: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return PayLink.invoice_id == invoice_id, PayLink.revoked_at.is_(None)


def _token(selector: bytes) -> str:
    return base64.urlsafe_b64encode(selector + _sign(selector)).decode().rstrip("=")


def _sign(selector: bytes) -> bytes:
    key = get_settings().secret_key.encode()
    return hmac.digest(key, _PURPOSE + selector, hashlib.sha256)[:_HALF]


def _halves(token: str) -> tuple[bytes, bytes]:
    try:
        secret = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != 2 * _HALF:
        raise NotFound
    return secret[:_HALF], secret[_HALF:]
