"""A contract is suspended, resumed or ended at the desk: first a page that says what will happen, then the button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import clock, log
from kernel.clock import business_date, business_now
from kernel.db import ReadSession, Session, repeating
from kernel.errors import NotFound, Refused
from payments.autopay.ending import end_contract, resume_contract, suspend_contract
from payments.autopay.stopping import UnderWay, wait_for_calls
from payments.contracts.models import Contract
from payments.contracts.planning import notice_time
from payments.customers.contact import email_of
from portal.accounts.sessions import SignedIn
from portal.audit.recording import changed, record_act
from portal.web.cabinet.rhythm import notice_words
from portal.web.kit.filters import money
from portal.web.kit.i18n import gettext, ngettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.kit.turns import waiting
from portal.web.staff.queries import contract_card, standing
from portal.web.staff.roles import ContractStopper
from portal.web.staff.words import method_name

router = Router()
PAGE = "/staff/contracts/{contract_id}"
_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to a contract: where it is asked for, from which states it leads on, what it says when done."""

    key: str
    possible_from: tuple[str, ...]
    verb: Callable[..., None]
    recorded: str
    done: str


# A draft is no contract yet: it ends by itself when nobody pays it, and its invoice with it.
SUSPENSION = Act("suspension", ("active",), suspend_contract, "contract.suspended", _("Договор приостановлен"))
RESUMPTION = Act("resumption", ("suspended",), resume_contract, "contract.resumed", _("Договор снова действует"))
END = Act("end", ("active", "suspended"), end_contract, "contract.ended", _("Договор завершён"))
_IMPOSSIBLE = {
    "draft": _("Это ещё не договор, а покупка, которую не оплатили. Если её не оплатят, она отменится сама"),
    "active": _("Договор и так действует"),
    "suspended": _("Договор уже приостановлен"),
    "ended": _("Договор уже завершён"),
}


@router.get(PAGE + "/suspension", name="staff.contracts.ask_suspend")
def ask_suspend(request: Request, contract_id: UUID, _staff: ContractStopper, db: ReadDb) -> Response:
    """What a suspension stops, and what stays owed."""
    return _ask(request, db, contract_id, SUSPENSION)


@router.get(PAGE + "/resumption", name="staff.contracts.ask_resume")
def ask_resume(request: Request, contract_id: UUID, _staff: ContractStopper, db: ReadDb) -> Response:
    """What a resumption brings, the dates that passed meanwhile included."""
    return _ask(request, db, contract_id, RESUMPTION)


@router.get(PAGE + "/end", name="staff.contracts.ask_end")
def ask_end(request: Request, contract_id: UUID, _staff: ContractStopper, db: ReadDb) -> Response:
    """What ends for good, and what stays owed."""
    return _ask(request, db, contract_id, END)


@router.post(PAGE + "/suspension", name="staff.contracts.suspend")
def suspend(request: Request, contract_id: UUID, staff: ContractStopper) -> Response:
    """Stop it until it is resumed. Pressed twice, it is suspended once."""
    return _do(request, staff, contract_id, SUSPENSION)


@router.post(PAGE + "/resumption", name="staff.contracts.resume")
def resume(request: Request, contract_id: UUID, staff: ContractStopper) -> Response:
    """Let it go on. Pressed twice, it is resumed once."""
    return _do(request, staff, contract_id, RESUMPTION)


@router.post(PAGE + "/end", name="staff.contracts.end")
def end(request: Request, contract_id: UUID, staff: ContractStopper) -> Response:
    """End it for good. Pressed twice, it ends once."""
    return _do(request, staff, contract_id, END)


def _ask(request: Request, db: ReadSession, contract_id: UUID, act: Act) -> Response:
    contract = contract_card.read_contract(db, contract_id)
    if contract.status not in act.possible_from:
        return go_to(request, _page_of(contract_id), say=str(_IMPOSSIBLE[contract.status]), tone="warn")
    context = {
        "act": act.key,
        "contract": contract,
        "email": email_of(db, contract.customer_id),
        "debt": standing.open_debt(db, contract_id),
        "under_way": standing.charges_under_way(db, contract_id),
        "next": standing.next_line(db, contract_id, today=business_date(clock.now())),
        "notice": notice_words(notice_time(db)),
        "method_name": method_name,
    }
    return render(request, "pages/staff/contract_act.html", context)


def _do(request: Request, staff: SignedIn, contract_id: UUID, act: Act) -> Response:
    """Commit the act, wait for calls that had left, and name what is still open."""

    def work(session: Session) -> None:
        contract = session.get(Contract, contract_id)
        if contract is None:
            raise NotFound
        if contract.status not in act.possible_from:
            raise Refused(str(_IMPOSSIBLE[contract.status]))
        before = contract.status
        act.verb(session, contract_id, now=business_now(session), source=f"staff:{staff.user_id}")
        session.refresh(contract)
        details = {"number": contract.number, "status": changed(before, contract.status)}
        record_act(session, staff, act.recorded, "contract", contract_id, request=request, details=details)

    try:
        repeating(work)
    except Refused as error:
        return go_to(request, _page_of(contract_id), say=gettext(str(error)), tone="warn")
    _log.warning("contract." + act.key, contract_id=str(contract_id), user_id=str(staff.user_id))
    with waiting():
        left = wait_for_calls(contract_id) if act is not RESUMPTION else []
    said = f"{act.done}. {still_open(left)}" if left else str(act.done)
    return go_to(request, _page_of(contract_id), say=said, tone="warn" if left else "ok")


def still_open(left: list[UnderWay]) -> str:
    """Charges that had left before a stop, by their numbers and sums."""
    numbers = ", ".join(f"№ {it.number} ({money(it.kopecks)})" for it in left)
    return ngettext(
        "Одно списание ушло раньше, банк ещё может его провести: %(numbers)s",
        "Эти списания ушли раньше, банк ещё может их провести: %(numbers)s",
        len(left),
    ) % {"numbers": numbers}


def _page_of(contract_id: UUID) -> str:
    return PAGE.format(contract_id=contract_id)
