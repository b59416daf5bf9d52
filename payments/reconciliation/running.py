"""One reconciliation: claim it, read the lists, then keep them and compare in one transaction, or keep nothing.

Two at once take turns by one row; who was killed is followed by another when its lease (real time) is over, and finds
its own run taken from it if it was only asleep.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from kernel import log
from kernel.clock import business_date, business_now
from kernel.db import ReadSession, Session, begin, give_room, read, repeating
from kernel.errors import KabinetError, Refused
from kernel.fault import fault
from kernel.ids import uuid7
from kernel.settings import get_settings
from payments.charging.models import Payment
from payments.gateway.port import Gateway, GatewayError, NotExecuted, OutcomeUnknown
from payments.gateway.yookassa import YooKassa
from payments.installation.models import Installation
from payments.installation.setup import current_shop
from payments.reconciliation.models import DONE, FAILED, RUNNING, Reconciliation
from payments.reconciliation.opening import compare
from payments.reconciliation.past import pause_in_a_past, read_unsent
from payments.reconciliation.reading import PAUSES_S, Lists, Reader, Window
from payments.reconciliation.storing import keep

_log = log.get(__name__)
SHALLOW = timedelta(hours=48)
DEEP = timedelta(days=35)
_A_DAY = timedelta(days=1)
# One question (60 s) and the longest pause before it, with room to spare.
_LEASE = func.clock_timestamp() + text("interval '150 seconds'")
_LONGEST_ERROR = 500
_INTERRUPTED = "прервана: процесс остановился"


class UnderWay(Refused):
    """Another reconciliation of this shop is going on."""

    def __init__(self) -> None:
        super().__init__("Сверка уже идёт")


class Unread(KabinetError):
    """The lists could not be read or are not to be believed; nothing was changed. `str(error)` says why."""


class _Lost(KabinetError):
    """Our lease was over, and another has gone on in our place."""


def reconcile(*, deep: bool | None = None, pauses_s: Sequence[float] = PAUSES_S) -> UUID:
    """Read the lists of the settings' shop and compare them with our books; the id of the reconciliation.

    It reads from the watermark, and at least 48 hours back or, if `deep`, 35 days; None is deep once a business day.

    Raises:
        UnderWay: another one is not finished.
        Unread: the gateway did not answer, or its list cannot be; nothing was changed, the watermark stays.
    """
    with read() as session:
        shop = current_shop(session, get_settings())
    claimed = repeating(partial(_claim, shop_id=shop.id, deep=deep))
    if claimed is None:
        raise UnderWay
    run_id, window = claimed
    reader = Reader.of(_gateway(), shop, partial(_beat, run_id), pauses_s)
    fault("reconcile.after_claim")
    try:
        lists = reader.read(window)
        fault("reconcile.after_reading")
        repeating(partial(_finish, run_id=run_id, shop_id=shop.id, lists=lists, window=window))
        fault("reconcile.after_commit")
    except (GatewayError, _Lost, DBAPIError) as error:
        _fail(run_id, _why(error))
        raise Unread(_words(error)) from error
    return run_id


def watermark(session: Session | ReadSession, shop_id: UUID) -> datetime | None:
    """Up to which instant the shop's lists were read whole and kept; None before the first time."""
    return session.execute(
        select(func.max(Reconciliation.until_at)).where(
            Reconciliation.shop_id == shop_id, Reconciliation.status == DONE
        )
    ).scalar_one()


def _gateway() -> Gateway:
    return YooKassa.of(get_settings())


def _claim(session: Session, shop_id: UUID, *, deep: bool | None) -> tuple[UUID, Window] | None:
    now = business_now(session)
    _end_dead(session, shop_id)
    is_deep = not _was_deep_today(session, shop_id, now) if deep is None else deep
    window = _window(session, shop_id, now, DEEP if is_deep else SHALLOW)
    run_id = session.scalars(
        insert(Reconciliation)
        .values(
            id=uuid7(),
            shop_id=shop_id,
            deep=is_deep,
            since_at=window.since,
            until_at=window.until,
            lease_until=_LEASE,
        )
        .on_conflict_do_nothing(index_elements=["shop_id"], index_where=text("status = 'running'"))
        .returning(Reconciliation.id)
    ).first()
    return (run_id, window) if run_id else None


def _end_dead(session: Session, shop_id: UUID) -> None:
    session.execute(
        update(Reconciliation)
        .where(
            Reconciliation.shop_id == shop_id,
            Reconciliation.status == RUNNING,
            Reconciliation.lease_until < func.clock_timestamp(),
        )
        .values(status=FAILED, error=_INTERRUPTED, finished_at=func.business_now())
    )


def _was_deep_today(session: Session, shop_id: UUID, now: datetime) -> bool:
    last: datetime | None = session.execute(
        select(func.max(Reconciliation.until_at)).where(
            Reconciliation.shop_id == shop_id, Reconciliation.status == DONE, Reconciliation.deep
        )
    ).scalar_one()
    return last is not None and business_date(last) >= business_date(now)


def _window(session: Session, shop_id: UUID, now: datetime, depth: timedelta) -> Window:
    since = watermark(session, shop_id) or _beginning(session, shop_id)
    return Window(_whole_millis(min(since, now - depth)), _whole_millis(now))


def _beginning(session: Session, shop_id: UUID) -> datetime:
    # From the first day on, however late the first reading comes.
    first = select(func.min(Payment.created_at)).where(Payment.shop_id == shop_id).scalar_subquery()
    begun: datetime = session.execute(select(func.least(Installation.created_at, first))).scalar_one()
    return begun - _A_DAY


def _whole_millis(at: datetime) -> datetime:
    # The gateway compares no finer.
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _beat(run_id: UUID) -> None:
    with begin() as session:
        alive = session.scalars(
            update(Reconciliation)
            .where(Reconciliation.id == run_id, Reconciliation.status == RUNNING)
            .values(lease_until=_LEASE)
            .returning(Reconciliation.id)
        ).first()
    if alive is None:
        raise _Lost(_INTERRUPTED)


def _finish(session: Session, run_id: UUID, shop_id: UUID, lists: Lists, window: Window) -> None:
    give_room(session)
    run = session.get_one(Reconciliation, run_id, with_for_update=True, populate_existing=True)
    if run.status != RUNNING:
        raise _Lost(_INTERRUPTED)
    known = read_unsent(session, shop_id, window.since)
    keep(session, shop_id, lists, window)
    fault("reconcile.after_keep")
    found = compare(session, shop_id, window.until)
    # What an earlier reading has shown was told then, and may be there for good: a refusal is never taken over.
    if read_unsent(session, shop_id, window.since) - known:
        pause_in_a_past(session)
    run.status, run.finished_at = DONE, business_now(session)
    run.payments, run.refunds = len(lists.payments), len(lists.refunds)
    session.flush()
    fault("reconcile.before_commit")
    _log.info("reconciliation.done", payments=run.payments, refunds=run.refunds, differences=found)


def _fail(run_id: UUID, error: str) -> None:
    _log.error("reconciliation.failed", error=log.redact_text(error))
    with begin() as session:
        session.execute(
            update(Reconciliation)
            .where(Reconciliation.id == run_id, Reconciliation.status == RUNNING)
            .values(status=FAILED, error=log.redact_text(error)[:_LONGEST_ERROR], finished_at=func.business_now())
        )


def _why(error: GatewayError | _Lost | DBAPIError) -> str:
    if isinstance(error, DBAPIError):
        return f"database: {type(error.orig).__name__}"
    return f"{getattr(error, 'outcome', 'lost')}: {error}"


def _reason(error: GatewayError) -> str:
    if isinstance(error, NotExecuted):
        return "до неё не удалось достучаться"
    if type(error) is OutcomeUnknown and not error.http_status:
        return f"она не ответила ({error})"
    return str(error)


def _words(error: Exception) -> str:
    if isinstance(error, GatewayError):
        code = f" (HTTP {error.http_status})" if error.http_status else ""
        return f"список ЮKassa не прочитан{code}: {_reason(error)}. Ничего не изменено"
    if isinstance(error, DBAPIError):
        return f"база не смогла сравнить списки ({type(error.orig).__name__}). Ничего не изменено"
    return str(error)
