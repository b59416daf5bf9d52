"""«Обмен с CRM»: whether Bitrix24 answers, what waits, what it refused, and trying again."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from crm_sync import connection, repeating
from crm_sync.web import trouble, words
from crm_sync.web.queries import VIEWS, read_jobs, read_standing
from kernel import clock
from kernel.errors import NotFound
from kernel.settings import get_settings
from portal.public import REPEATS_SYNC, SyncRepeater, may, record_act
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import ngettext
from portal.web.kit.paging import page_of, page_size, read_cursor
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router

router = Router(include_in_schema=False)
PAGE = "/staff/sync"
_LONGEST_ID = 18  # digits: more do not fit into the database's number


@router.get(PAGE, name="staff.sync.show")
def show(request: Request, staff: CurrentStaff, db: ReadDb, view: str = "parked") -> Response:
    """The connection, the figures and one of the lists; the figures and the list renew themselves."""
    view = view if view in VIEWS else "parked"
    size = page_size(request.query_params.get("size"))
    after = _after(request)
    jobs = read_jobs(db, view, after=after, limit=size + 1)
    context = {
        "connected": bool(get_settings().bitrix24_url),
        "standing": read_standing(db),
        "now": clock.business_now(db),
        "view": view,
        "page": page_of(jobs, size=size, key=lambda job: (str(job.id),), after=None if after is None else ("",)),
        "again_at": _here(request),
        "may_repeat": may(staff, REPEATS_SYNC),
        "words": words,
    }
    return render(request, "pages/staff/sync.html", context, fragment="standing")


@router.post(PAGE + "/jobs/{job_id}/again", name="staff.sync.again")
def try_again(request: Request, job_id: int, staff: SyncRepeater, db: Db) -> Response:
    """Try one object again. What is done meanwhile, or on its way, is only told."""
    try:
        done = repeating.try_job_again(db, job_id, now=clock.business_now(db))
    except NotFound:
        return _no_more(request)
    if not done:
        return _on_its_way(request)
    record_act(db, staff, "sync.repeated", "sync_job", job_id, request=request)
    return go_to(request, PAGE, say=_("Отправляем ещё раз"))


@router.post(PAGE + "/jobs/{job_id}/anew", name="staff.sync.anew")
def create_anew(request: Request, job_id: int, staff: SyncRepeater, db: Db) -> Response:
    """Create in the CRM again what was deleted there. What is done meanwhile, or on its way, is only told."""
    try:
        done = repeating.create_anew(db, job_id, now=clock.business_now(db))
    except NotFound:
        return _no_more(request)
    if not done:
        return _on_its_way(request)
    record_act(db, staff, "sync.created_anew", "sync_job", job_id, request=request)
    return go_to(request, PAGE, say=_("Создаём в CRM заново"))


@router.post(PAGE + "/again", name="staff.sync.all_again")
def try_all_again(request: Request, staff: SyncRepeater, db: Db) -> Response:
    """Try everything again that waits for a decision, and the connection with it."""
    count = repeating.try_all_again(db, now=clock.business_now(db))
    record_act(db, staff, "sync.repeated", "installation", 1, request=request, details={"jobs": count})
    if not count:
        return go_to(request, PAGE, say=_("Повторять нечего"))
    said = ngettext("Отправляем ещё раз: {n} объект", "Отправляем ещё раз: {n} объектов", count)
    return go_to(request, PAGE, say=said.format(n=count))


@router.post(PAGE + "/probe", name="staff.sync.probe")
def probe(request: Request, staff: SyncRepeater, db: Db) -> Response:
    """Ask the CRM at once instead of waiting."""
    connection.try_now(db, now=clock.business_now(db))
    record_act(db, staff, "sync.probed", "installation", 1, request=request)
    return go_to(request, PAGE, say=_("Проверяем связь"))


@router.post(PAGE + "/customers/{customer_id}", name="staff.sync.customer")
def write_customer(request: Request, customer_id: UUID, staff: SyncRepeater, db: Db) -> Response:
    """Write everything of one customer to the CRM afresh.

    Raises:
        NotFound: no such customer.
    """
    count = repeating.write_customer_afresh(db, customer_id, now=clock.business_now(db))
    record_act(db, staff, "sync.customer_rewritten", "customer", customer_id, request=request)
    card = f"/staff/customers/{customer_id}"
    if trouble.trouble():
        said = ngettext(
            "{n} объект ждёт и уйдёт, когда Битрикс24 ответит", "{n} объектов уйдут, когда Битрикс24 ответит", count
        )
        return go_to(request, card, say=said.format(n=count), tone="warn")
    said = ngettext("В Битрикс24 уходит заново {n} объект", "В Битрикс24 уходят заново {n} объектов", count)
    return go_to(request, card, say=said.format(n=count))


def _after(request: Request) -> int | None:
    """The job after which the list goes on; a cursor that is not ours begins it."""
    cursor = read_cursor(request.query_params.get("after"), parts=1)
    return int(cursor[0]) if cursor and cursor[0].isdecimal() and len(cursor[0]) <= _LONGEST_ID else None


def _here(request: Request) -> str:
    """The address of the page that is open, to ask for it again."""
    return f"{PAGE}?{request.url.query}" if request.url.query else PAGE


def _no_more(request: Request) -> Response:
    return go_to(request, PAGE, say=_("Уже передано: в очереди этого больше нет"))


def _on_its_way(request: Request) -> Response:
    return go_to(request, PAGE, say=_("Уже в очереди"))
