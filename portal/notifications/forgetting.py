"""A letter with a personal link is forgotten as soon as nothing more is to be sent: then only its reader has the link."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, true

from portal.notifications.kinds import PRIVATE_KINDS
from portal.notifications.models import Message

IS_PRIVATE = Message.kind.in_(PRIVATE_KINDS)


def forgotten(when: ColumnElement[bool] | None = None) -> dict[str, Any]:
    """What an UPDATE that ends letters (those of `when`) adds to its values: no texts of private kinds."""
    ends = and_(IS_PRIVATE, true() if when is None else when)
    return {
        "text_body": case((ends, ""), else_=Message.text_body),
        "html_body": case((ends, ""), else_=Message.html_body),
    }
