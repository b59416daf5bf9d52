"""Reading ids out of posted forms."""

from __future__ import annotations

from uuid import UUID

from starlette.datastructures import FormData


def posted_id(posted: FormData, name: str) -> UUID | None:
    """The id in a field; None when the field is absent or holds anything else."""
    try:
        return UUID(str(posted.get(name, "")))
    except ValueError:
        return None
