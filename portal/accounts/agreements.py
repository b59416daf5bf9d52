"""What a person agreed to, and the marketing consent, which they give and take back as they like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.autopay.consents import Evidence, record_consent
from payments.autopay.models import Consent
from payments.contracts.models import Contract
from portal.accounts.visitor import Visitor
from portal.legal.wording import MARKETING, company_values, wording


@dataclass(frozen=True, slots=True)
class OfContract:
    """The contract that a consent to automatic charges is about."""

    number: str
    title: str


def contracts_of(session: Session | ReadSession, agreements: Sequence[Consent]) -> dict[UUID, OfContract]:
    """The contracts that these consents name, by their ids."""
    named = {one.contract_id for one in agreements if one.contract_id}
    rows = session.execute(select(Contract.id, Contract.number, Contract.title).where(Contract.id.in_(named)))
    return {row.id: OfContract(row.number, row.title) for row in rows}


def list_agreements(session: Session | ReadSession, customer_ids: Sequence[UUID]) -> Sequence[Consent]:
    """Every consent given or taken back for these customers, the newest first."""
    return session.scalars(
        select(Consent).where(Consent.customer_id.in_(customer_ids)).order_by(Consent.id.desc())
    ).all()


def read_agreement(session: Session | ReadSession, consent_id: int, customer_ids: Sequence[UUID]) -> Consent:
    """One of them, with the exact words.

    Raises:
        NotFound: no such consent of these customers.
    """
    found = session.scalars(
        select(Consent).where(Consent.id == consent_id, Consent.customer_id.in_(customer_ids))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def wants_marketing(agreements: Sequence[Consent]) -> bool:
    """Whether the last word on marketing was yes; `agreements` are the newest first."""
    last = next((consent for consent in agreements if consent.kind == MARKETING), None)
    return last is not None and last.action == "given"


def answer_marketing(
    session: Session, customer_ids: Sequence[UUID], *, agreed: bool, user_id: UUID, visitor: Visitor
) -> None:
    """Give or take back the marketing consent; saying the same again changes nothing."""
    if wants_marketing(list_agreements(session, customer_ids)) == agreed:
        return
    record_consent(
        session,
        customer_id=customer_ids[0],
        kind=MARKETING,
        action="given" if agreed else "withdrawn",
        wording=wording(MARKETING, company_values(session)),
        evidence=Evidence(user_id, visitor.ip, visitor.user_agent),
        now=business_now(session),
    )
