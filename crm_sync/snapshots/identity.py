"""How the CRM knows our objects again: external ids and addresses."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from kernel.db import ReadSession
from kernel.settings import get_settings
from payments.installation.models import Installation


def external_id(installation_id: str, local_id: UUID) -> str:
    """The id that our object bears in the CRM; several installations may share one CRM (CRM-4)."""
    return f"{installation_id}:{local_id}"


def installation_id(session: ReadSession) -> str:
    """Which installation this is."""
    return session.execute(select(Installation.id)).scalar_one()


def desk_url(section: str, local_id: UUID) -> str:
    """The page of the staff desk about one object."""
    return f"{get_settings().base_url}/staff/{section}/{local_id}"
