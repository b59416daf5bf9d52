"""Whether the CRM can be reached. When it cannot, one customer's work at a time asks again, and the rest waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from crm_sync.models import CrmConnection, HeldKind
from crm_sync.port import CrmFailure, NotExecuted, Shut, Uncertain
from kernel import log
from kernel.db import Session
from payments.installation.models import PROVEN

_log = log.get(__name__)
AWAY_AFTER = 3
_PROBES = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300))
# Nobody is let in until a person acts, so asking often would only fill logs there.
_REFUSED_PROBE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Leave:
    """How many customers' work may be taken now."""

    lanes: int


def ask_leave(session: Session, lanes: int, *, now: datetime) -> Leave:
    """All of them while the CRM answers, one for a probe, none between probes. The row is locked until the commit.

    None in a database that came from a backup, before charging goes on: what it holds may be over, and beside its original
    it would write over what that has written.

    After a round without an answer the next one is half as large, so that one object that the CRM chokes on does not
    take the others down with it again and again.
    """
    connection = _locked(session)
    if not session.execute(select(PROVEN)).scalar_one():
        return Leave(0)
    if connection.status == "ok":
        return Leave(max(1, lanes >> connection.failures))
    if connection.probe_at is None or connection.probe_at > now:
        return Leave(0)
    connection.probe_at = now + _pause(connection)
    return Leave(1)


def note(session: Session, outcomes: Iterable[object], *, now: datetime) -> None:
    """Draw the conclusion from a round: anything but silence or a closed door means that the CRM is there."""
    told = list(outcomes)
    if not told:
        return
    connection = _locked(session)
    _hold_kinds(session, [outcome for outcome in told if isinstance(outcome, NotExecuted)], now)
    shut = next((outcome for outcome in told if isinstance(outcome, Shut)), None)
    if shut is not None:
        _change(connection, "refused", shut, now)
        connection.probe_at = now + _REFUSED_PROBE
    elif all(_is_silence(outcome) for outcome in told):
        connection.failures += 1
        if connection.failures >= AWAY_AFTER or connection.status != "ok":
            _change(connection, "away", next(outcome for outcome in told if isinstance(outcome, CrmFailure)), now)
            connection.probe_at = now + _pause(connection)
    elif not all(isinstance(outcome, NotExecuted) for outcome in told):
        _change(connection, "ok", None, now)
        connection.failures, connection.probe_at, connection.reached_at = 0, None, now


def try_now(session: Session, *, now: datetime) -> None:
    """Somebody has put it right: ask again at once."""
    connection = _locked(session)
    if connection.status != "ok":
        # The hint of the last probe may be trusted for a while yet: the next is given at once.
        connection.probe_at, connection.hinted_until = now, None


def _hold_kinds(session: Session, refused: list[NotExecuted], now: datetime) -> None:
    until = {kind: now + timedelta(seconds=outcome.retry_after_s) for outcome in refused for kind in outcome.kinds}
    for kind, at in sorted(until.items()):
        held = insert(HeldKind).values(kind=kind, until_at=at)
        session.execute(held.on_conflict_do_update(index_elements=("kind",), set_={"until_at": at}))


def _is_silence(outcome: object) -> bool:
    return isinstance(outcome, Uncertain) or (isinstance(outcome, NotExecuted) and outcome.away)


def _pause(connection: CrmConnection) -> timedelta:
    return _PROBES[min(max(connection.failures - AWAY_AFTER, 0), len(_PROBES) - 1)]


def _change(connection: CrmConnection, status: str, why: CrmFailure | None, now: datetime) -> None:
    connection.error = str(why)[:500] if why else None
    if connection.status != status:
        _log.warning("crm.connection", status=status, was=connection.status)
        connection.status, connection.since_at = status, now


def ensure(session: Session) -> None:
    """The row is there. Inserting beside one that somebody changes at this moment would wait for him, so look first."""
    if session.execute(select(CrmConnection.one)).first() is None:
        session.execute(insert(CrmConnection).values(one=True).on_conflict_do_nothing())


def _locked(session: Session) -> CrmConnection:
    ensure(session)
    return session.execute(select(CrmConnection).with_for_update()).scalar_one()
