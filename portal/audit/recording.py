"""Recording an act: in the transaction that does it, so that neither is ever there without the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import insert
from starlette.requests import Request

from kernel.db import Session
from kernel.log import redact_text
from portal.audit.acts import ACTS, SUBJECTS
from portal.audit.models import AuditEntry
from portal.web.kit.proxy import known_ip

_LONGEST_TEXT = 500


class Somebody(Protocol):
    """Whoever acts: an employee who is signed in, or is just signing in."""

    @property
    def user_id(self) -> UUID:
        """The id of their login."""


def record_act(
    session: Session,
    staff: Somebody | None,
    act: str,
    subject_kind: str,
    subject_id: UUID | int,
    *,
    request: Request | None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Append one act. `staff` and `request` are None for a command on the server.

    `details` say what was before and after: `{"role": changed("viewer", "manager"), "number": "2026-0147"}`. Sums are
    kopecks. Addresses, phones and card numbers in texts are hidden, but whoever records leaves people out to begin with.

    Raises:
        ValueError: the act or the kind of object is not in `portal.audit.acts`.
    """
    if act not in ACTS or subject_kind not in SUBJECTS:
        raise ValueError(f"portal.audit.acts knows no {act!r} of {subject_kind!r}")
    session.flush()  # the object of the act may be new
    session.execute(
        insert(AuditEntry).values(
            user_id=staff.user_id if staff else None,
            act=act,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            details={name: _plain(value) for name, value in (details or {}).items()},
            ip=known_ip(request) if request else None,
            request_id=getattr(request.state, "request_id", None) if request else None,
        )
    )


def changed(before: object, after: object) -> dict[str, object]:
    """A detail that had another value before."""
    return {"before": before, "after": after}


def _plain(value: object) -> object:
    if isinstance(value, str):
        return redact_text(value)[:_LONGEST_TEXT]
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    raise TypeError(f"{type(value).__name__} has no place in the audit log")
