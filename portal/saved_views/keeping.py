"""An employee keeps, renames and drops views of their own; nobody sees another's."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from kernel.db import ReadSession, Session
from kernel.errors import KabinetError, NotFound
from portal.accounts.models import User
from portal.saved_views.models import SavedView

# So many fit above the list and are counted with it.
MOST = 10


class NameTaken(KabinetError):
    """The employee has another view of this name."""


class TooMany(KabinetError):
    """The employee keeps as many views as there may be."""


def views_of(session: ReadSession | Session, user_id: UUID) -> list[SavedView]:
    """The employee's views, the oldest first."""
    return list(session.scalars(select(SavedView).where(SavedView.user_id == user_id).order_by(SavedView.id)))


def find_view(session: ReadSession | Session, user_id: UUID, view_id: UUID) -> SavedView:
    """One of the employee's own views.

    Raises:
        NotFound: no such view, or it is somebody else's.
    """
    view = session.get(SavedView, view_id)
    if view is None or view.user_id != user_id:
        raise NotFound
    return view


def save_view(session: Session, user_id: UUID, name: str, query: str) -> SavedView:
    """Keep a filter under a name.

    Raises:
        NameTaken: there is a view of that name, whatever its letter case.
        TooMany: there are `MOST` already.
    """
    # Two tabs of one person take turns, so that neither the count nor the name is overstepped.
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    kept = views_of(session, user_id)
    if len(kept) >= MOST:
        raise TooMany
    _require_free(session, user_id, name, but=None)
    view = SavedView(user_id=user_id, name=name, query=query)
    session.add(view)
    session.flush()
    return view


def rename_view(session: Session, user_id: UUID, view_id: UUID, name: str) -> None:
    """Give a view another name.

    Raises:
        NotFound: no such view of this employee.
        NameTaken: another view has that name.
    """
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    view = find_view(session, user_id, view_id)
    _require_free(session, user_id, name, but=view_id)
    view.name = name


def drop_view(session: Session, user_id: UUID, view_id: UUID) -> None:
    """Forget a view. One that is gone already is no error: a second press finds it done."""
    view = session.get(SavedView, view_id)
    if view is not None and view.user_id == user_id:
        session.delete(view)


def _require_free(session: Session, user_id: UUID, name: str, *, but: UUID | None) -> None:
    same = select(SavedView.id).where(SavedView.user_id == user_id, func.lower(SavedView.name) == name.lower())
    if any(found != but for found in session.scalars(same)):
        raise NameTaken
