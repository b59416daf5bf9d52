"""Autopay: every contract's permission, its next dates, the text agreed to, and switching it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date, business_now
from kernel.db import Session, read, repeating
from kernel.errors import Refused
from payments.autopay.confirming import confirm_autopay
from payments.autopay.stopping import charges_under_way, wait_for_calls, withdraw
from portal.legal.blocks import blocks
from portal.web.cabinet.overview import dates_ahead
from portal.web.cabinet.queries.agreed import Agreed, read_agreed
from portal.web.cabinet.queries.contracts import Agreement, read_agreement, read_agreements, read_consent
from portal.web.cabinet.queries.lines import DueLine, read_due_lines
from portal.web.cabinet.queries.methods import read_methods
from portal.web.cabinet.rhythm import in_days, notice_words, rhythm
from portal.web.cabinet.starting import evidence_of
from portal.web.kit.guards import CurrentCustomer
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.kit.turns import waiting

router = Router()


@dataclass(frozen=True, slots=True)
class Standing:
    """A contract on the page: how it is paid, its next dates, none when nothing is planned, and charges stalled."""

    agreement: Agreement
    how_often: str
    line: DueLine | None
    dates: tuple[date, ...]
    stalled: tuple[DueLine, ...]


@router.get("/autopay", name="cabinet.autopay.list")
def list_autopays(request: Request, customer: CurrentCustomer, db: ReadDb) -> Response:
    """Contracts with autopay, contracts that could have it, and the saved cards."""
    now = clock.now()
    lines = read_due_lines(db, customer.customer_ids, now=now)
    standings = [_standing(item, lines) for item in read_agreements(db, customer.customer_ids)]
    on = [item for item in standings if item.agreement.charges_itself]
    running = {item.agreement.id for item in on}
    agreed = [item for item in read_agreed(db, customer.customer_ids) if item.contract_id not in running]
    shown = running | {item.contract_id for item in agreed}
    context = {
        "on": on,
        "agreed": agreed,
        "off": [item for item in standings if item.agreement.id not in shown and item.agreement.status == "active"],
        "methods": read_methods(db, customer.customer_ids),
        "today": business_date(now),
        "in_days": in_days,
    }
    return render(request, "pages/cabinet/autopay.html", context)


@router.get("/autopay/{contract_id}/consent", name="cabinet.autopay.consent")
def show_consent(
    request: Request,
    customer: CurrentCustomer,
    db: ReadDb,
    contract_id: UUID,
    number: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """The text that was agreed to, word for word: the one of this number, else the newest."""
    consent = read_consent(db, contract_id, number, customer.customer_ids)
    return render(request, "pages/cabinet/consent.html", {"consent": consent, "blocks": blocks(consent.text)})


@router.get("/autopay/{contract_id}/cancel", name="cabinet.autopay.cancel")
def ask_to_stop(request: Request, customer: CurrentCustomer, db: ReadDb, contract_id: UUID) -> Response:
    """What happens and when, before the one button."""
    agreement = read_agreement(db, contract_id, customer.customer_ids)
    if not agreement.charges_itself:
        return _ask_to_refuse(request, read_agreed(db, customer.customer_ids, contract_id=contract_id))
    lines = read_due_lines(db, customer.customer_ids, now=clock.now(), contract_id=contract_id)
    context = {
        "standing": _standing(agreement, lines),
        "notice": notice_words(lines[0].notice) if lines else "",
        "issued": [line for line in lines if line.status == "invoiced" and (line.stalled or not _is_being_paid(line))],
        "next_line": next((line for line in lines if line.status == "planned"), None),
    }
    return render(request, "pages/cabinet/stop.html", context)


@router.post("/autopay/{contract_id}/cancel", name="cabinet.autopay.withdraw")
def stop(request: Request, customer: CurrentCustomer, contract_id: UUID) -> Response:
    """Take the consent back, wait for calls that have left, and tell of what is still open. Nothing is asked for."""

    def work(session: Session) -> list[Agreed]:
        agreement = read_agreement(session, contract_id, customer.customer_ids)
        agreed = read_agreed(session, customer.customer_ids, contract_id=contract_id)
        withdraw(session, contract_id, evidence=evidence_of(request, customer), now=business_now(session))
        return [] if agreement.charges_itself else agreed

    refused = repeating(work)
    with waiting():
        wait_for_calls(contract_id)
    if refused:
        back = f"/payments/{refused[0].return_token}/return"
        return go_to(request, back, say=_("Согласие на автоплатёж отозвано"))
    return go_to(request, f"/autopay/{contract_id}/stopped")


@router.post("/autopay/{contract_id}/confirmation", name="cabinet.autopay.confirm")
def confirm(request: Request, customer: CurrentCustomer, contract_id: UUID) -> Response:
    """Keep an autopay that came from a backup. Pressed twice, it is kept once."""

    def work(session: Session) -> bool:
        read_agreement(session, contract_id, customer.customer_ids)
        return confirm_autopay(session, contract_id, by=customer.user_id, now=business_now(session))

    try:
        repeating(work)
    except Refused as error:
        return go_to(request, "/autopay", say=gettext(str(error)), tone="warn")
    return go_to(request, "/autopay", say=_("Автоплатёж остаётся. О каждом списании предупредим письмом"))


@router.get("/autopay/{contract_id}/stopped", name="cabinet.autopay.stopped")
def show_stopped(request: Request, customer: CurrentCustomer, contract_id: UUID) -> Response:
    """Nothing more will be charged; a charge that had left before is named."""
    with read() as session:
        agreement = read_agreement(session, contract_id, customer.customer_ids)
        lines = read_due_lines(session, customer.customer_ids, now=clock.now(), contract_id=contract_id)
        under_way = charges_under_way(session, contract_id)
    if agreement.charges_itself or agreement.autopay_id is None:
        return go_to(request, "/autopay")
    context = {
        "agreement": agreement,
        "under_way": under_way,
        "to_pay": [line for line in lines if line.to_pay],
        "next_line": next((line for line in lines if line.status == "planned"), None),
    }
    return render(request, "pages/cabinet/stopped.html", context)


def _ask_to_refuse(request: Request, agreed: list[Agreed]) -> Response:
    if not agreed:
        return go_to(request, "/autopay")
    return render(request, "pages/cabinet/refuse.html", {"agreed": agreed[0]})


def _standing(agreement: Agreement, lines: list[DueLine]) -> Standing:
    own = [line for line in lines if line.contract_id == agreement.id]
    line = next((line for line in own if line.charge_on), None) or next(
        (line for line in own if line.status == "planned"), None
    )
    how_often = rhythm(agreement.period, agreement.anchor_on) if agreement.period else ""
    stalled = tuple(line for line in own if line.stalled)
    return Standing(agreement, how_often, line, dates_ahead(line) if line else (), stalled)


def _is_being_paid(line: DueLine) -> bool:
    return line.payment is not None and line.payment.is_live
