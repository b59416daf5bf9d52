"""Consents are appended, never changed: what was shown, who agreed or took it back, from where."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from kernel.db import Session
from payments.autopay.models import Consent


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who acted, and from where. `user_id` is None when the system or the gateway is the actor."""

    user_id: UUID | None = None
    ip: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """The exact text a person saw, its edition, and the values that were filled in."""

    text: str
    version: str
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """The digest of the text as UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def record_consent(
    session: Session,
    *,
    customer_id: UUID,
    kind: str,
    action: str,
    wording: Wording,
    evidence: Evidence,
    now: datetime,
    contract_id: UUID | None = None,
    max_kopecks: int | None = None,
) -> Consent:
    """Append one row of evidence. `max_kopecks` is the most that one charge may take under a recurring consent."""
    consent = Consent(
        customer_id=customer_id,
        contract_id=contract_id,
        kind=kind,
        action=action,
        text_version=wording.version,
        text=wording.text,
        text_sha256=wording.sha256,
        shown=wording.shown,
        max_kopecks=max_kopecks,
        user_id=evidence.user_id,
        ip=evidence.ip,
        user_agent=evidence.user_agent,
        at=now,
    )
    session.add(consent)
    session.flush()  # callers need the id
    return consent


def is_withdrawn(session: Session, consent: Consent) -> bool:
    """Whether a consent to automatic charges was taken back after it was given; one given again since is another row."""
    later = exists().where(
        Consent.contract_id == consent.contract_id,
        Consent.kind == consent.kind,
        Consent.action == "withdrawn",
        Consent.id > consent.id,
    )
    return session.execute(select(later)).scalar_one()
