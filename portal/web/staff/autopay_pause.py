"""The pause of one customer's autopay, and its end: first a page that says what will happen, then the button."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel.clock import business_now
from kernel.db import ReadSession, Session, repeating
from kernel.errors import Refused
from payments.autopay.holding import pause_autopay, resume_autopay
from payments.autopay.stopping import wait_for_calls
from payments.contracts.planning import notice_time
from payments.customers.contact import email_of
from portal.accounts.sessions import SignedIn
from portal.audit.recording import record_act
from portal.web.cabinet.rhythm import notice_words
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.kit.turns import waiting
from portal.web.staff.queries import contract_card, standing
from portal.web.staff.roles import AutopayHolder
from portal.web.staff.stopping import still_open
from portal.web.staff.words import method_name

router = Router()
_CONTRACT = "/staff/contracts/{contract_id}"
_PAUSE = _CONTRACT + "/autopay/pause"
_RESUMPTION = _CONTRACT + "/autopay/resumption"
Verb = Callable[..., bool]


@router.get(_PAUSE, name="staff.autopay.ask_pause")
def ask_pause(request: Request, contract_id: UUID, _staff: AutopayHolder, db: ReadDb) -> Response:
    """What a pause stops, and what goes on."""
    return _ask(request, db, contract_id, resumes=False)


@router.get(_RESUMPTION, name="staff.autopay.ask_resume")
def ask_resume(request: Request, contract_id: UUID, _staff: AutopayHolder, db: ReadDb) -> Response:
    """What its end brings."""
    return _ask(request, db, contract_id, resumes=True)


@router.post(_PAUSE, name="staff.autopay.pause")
def pause(request: Request, contract_id: UUID, staff: AutopayHolder) -> Response:
    """Pause it, wait for calls that had left, and name what is still open. Pressed twice, it is paused once."""
    try:
        done = _do(request, staff, contract_id, pause_autopay, "autopay.paused")
    except Refused as error:
        return go_to(request, _page_of(contract_id), say=gettext(str(error)), tone="warn")
    with waiting():
        left = wait_for_calls(contract_id)
    said = _("Автоплатёж приостановлен") if done else _("Автоплатёж уже приостановлен")
    if left:
        return go_to(request, _page_of(contract_id), say=f"{said}. {still_open(left)}", tone="warn")
    return go_to(request, _page_of(contract_id), say=said)


@router.post(_RESUMPTION, name="staff.autopay.resume")
def resume(request: Request, contract_id: UUID, staff: AutopayHolder) -> Response:
    """End the pause. Pressed twice, it ends once."""
    try:
        done = _do(request, staff, contract_id, resume_autopay, "autopay.resumed")
    except Refused as error:
        return go_to(request, _page_of(contract_id), say=gettext(str(error)), tone="warn")
    said = _("Автоплатёж возобновлён") if done else _("Автоплатёж и так работает")
    return go_to(request, _page_of(contract_id), say=said)


def _do(request: Request, staff: SignedIn, contract_id: UUID, verb: Verb, act: str) -> bool:
    def work(session: Session) -> bool:
        done = verb(session, contract_id, by=staff.user_id, now=business_now(session))
        if done:
            record_act(session, staff, act, "contract", contract_id, request=request)
        return done

    return repeating(work)


def _ask(request: Request, db: ReadSession, contract_id: UUID, *, resumes: bool) -> Response:
    contract = contract_card.read_contract(db, contract_id)
    possible = contract.held_at is not None if resumes else contract.autopay == "active"
    if not possible:
        said = _("Автоплатёж не на паузе") if resumes else _("Автоплатёж сейчас не работает, приостанавливать нечего")
        return go_to(request, _page_of(contract_id), say=said, tone="warn")
    context = {
        "contract": contract,
        "resumes": resumes,
        "email": email_of(db, contract.customer_id),
        "debt": standing.open_debt(db, contract_id),
        "under_way": standing.charges_under_way(db, contract_id),
        "notice": notice_words(notice_time(db)),
        "method_name": method_name,
    }
    return render(request, "pages/staff/autopay_pause.html", context)


def _page_of(contract_id: UUID) -> str:
    return _CONTRACT.format(contract_id=contract_id)
