"""The work of a run: customers with an autopay and one charge each, announced in time and due one after another.

Everything is made with the product's own verbs, in bulk; the first payments, which save the cards, are made at the
sandbox's payment page. What that told (letters, the CRM) counts as told: the run begins with an empty outbox.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime, func, select, type_coerce, update

from kernel.clock import business_date, business_now, real_now, start_of
from kernel.db import Session, begin
from kernel.outbox import OutboxMessage
from kernel.settings import get_settings
from payments.autopay.consents import Evidence, Wording, record_consent
from payments.autopay.models import Autopay, Notice, PaymentMethod
from payments.autopay.notices import mark_notice_sent
from payments.charging.checkout import prepare_checkout
from payments.charging.models import SEND
from payments.charging.permits import Permit, permit_customer
from payments.charging.recording import Outcome, record
from payments.contracts.models import Contract, Installment
from payments.contracts.opening import Terms, open_contracts
from payments.contracts.periods import Period
from payments.customers.models import Customer
from payments.customers.registration import CustomerData, create_customers
from payments.gateway.port import GatewayPayment
from payments.gateway.yookassa import YooKassa
from payments.installation.setup import Company as Firm
from payments.installation.setup import name_company
from payments.invoicing.issue import issue_due
from payments.invoicing.links import make_pay_link
from payments.invoicing.models import Invoice
from portal.accounts.models import Membership, User
from portal.accounts.sessions import CUSTOMER, start_session
from portal.accounts.visitor import Visitor
from tests.crash.harness.company import follow
from tests.crash.harness.fates import ACTING, draw_fates
from tests.crash.harness.outside import Outside
from tests.crash.harness.plan import Plan
from tests.support.business import GOOD_CARD, enter_card

_FIRM = Firm(brand="Тёплый контур", legal_name="ООО «Тёплый контур»", inn="5000123456")
_BATCH = 100
_THREADS = 8
_NOTICE = timedelta(hours=72)
# Room in the morning of the charges for the product to start in.
_MORNING = timedelta(minutes=20)
_SOFT = ("insufficient_funds", "issuer_unavailable", "general_decline", "call_issuer", "rejected_by_timeout")
_HARD = ("card_expired", "permission_revoked", "fraud_suspected")
# Which customer is which, and what each owes a month, is known without asking the product.
_KNOWN_AS = "crash-"
_LEAST_KOPECKS = 100_00


@dataclass(frozen=True, slots=True)
class Due:
    """One charge of the run: whose it is, when it falls due (business time), and what its customer does.

    `fate`: plain; declined (once, then it works); refused (for good, so that the customer pays by hand); unlinks, withdraws, pays (by hand), leaves (the
    payment page unpaid); unlinks_lost and unlinks_arrived (takes the card away while nobody knows what became of the
    charge, which never reached the gateway, or did); pays_in_doubt (tries to pay by hand just then, and must not). `cookie` and `pay_url` are how the customer comes in.
    `kopecks`: what the run agreed with the customer, whatever the product made of it.
    """

    customer_id: UUID
    contract_id: UUID
    line_id: UUID
    invoice_id: UUID
    method_id: UUID
    token: str
    kopecks: int
    due_at: datetime
    fate: str
    cookie: str = ""
    pay_url: str = ""


def make_work(plan: Plan, outside: Outside) -> list[Due]:
    """Make it all and move the clock to the morning of the charges."""
    with begin() as session:
        name_company(session, _FIRM, get_settings())
    for start in range(0, plan.charges, _BATCH):
        _join(range(start, min(plan.charges, start + _BATCH)))
    with begin() as session:
        first_due_on = session.execute(select(func.min(Installment.due_on)).where(Installment.number == 2)).scalar_one()
    outside.jump_to((start_of(first_due_on) - _NOTICE + _MORNING).isoformat())
    follow(outside.ask("clock")["shift_s"])
    _announce(plan)
    dues = _read(plan)
    _script(plan, outside, dues)
    with begin() as session:
        session.execute(
            update(OutboxMessage).where(OutboxMessage.dispatched_at.is_(None)).values(dispatched_at=func.business_now())
        )
    outside.jump_to(start_of(first_due_on).isoformat())
    follow(outside.ask("clock")["shift_s"])
    return dues


def _join(numbers: Sequence[int]) -> None:
    with begin() as session:
        contracts = _sign(session, numbers)
    with begin() as session:
        while issue_due(session, now=business_now(session)):
            pass
    with begin() as session:
        permits = _prepare(session, [contract.id for contract in contracts])
    with ThreadPoolExecutor(_THREADS) as payers:
        paid = list(payers.map(_pay, permits))
    with begin() as session:
        record(session, [Outcome(item.payment_id, SEND, item, 0) for item in paid if item.payment_id], source="answer")


def _sign(session: Session, numbers: Sequence[int]) -> list[Contract]:
    entity, shop = name_company(session, _FIRM, get_settings())
    now = business_now(session)
    known = [(CustomerData(f"Клиент {n}", email=f"crash{n}@example.com"), f"{_KNOWN_AS}{n}") for n in numbers]
    terms = [
        Terms(
            customer_id=customer.id,
            legal_entity_id=entity.id,
            shop_id=shop.id,
            title="Абонемент",
            kopecks=_LEAST_KOPECKS + n,
            first_due_on=business_date(now),
            period=Period("month"),
        )
        for n, customer in zip(numbers, create_customers(session, known), strict=True)
    ]
    return open_contracts(session, terms, now=now)


def _prepare(session: Session, contract_ids: Sequence[UUID]) -> list[Permit]:
    now = business_now(session)
    rows = session.execute(select(Invoice).where(Invoice.contract_id.in_(contract_ids))).scalars()
    ids = []
    for invoice in rows:
        consent = record_consent(
            session,
            customer_id=invoice.customer_id,
            contract_id=invoice.contract_id,
            kind="recurring",
            action="given",
            wording=Wording("Согласен на автоматические списания", "crash"),
            evidence=Evidence(),
            now=now,
            max_kopecks=invoice.kopecks,
        )
        session.flush()  # the payment refers to it
        made = prepare_checkout(session, invoice.id, customer_id=invoice.customer_id, consent_id=consent.id, now=now)
        ids.append(made.payment_id)
    return permit_customer(session, ids, worker="crash:workload")


def _pay(permit: Permit) -> GatewayPayment:
    gateway = YooKassa.of(get_settings())
    pending = gateway.create_payment(permit.body, permit.key)
    assert pending.confirmation_url is not None
    enter_card(pending.confirmation_url, GOOD_CARD)
    return gateway.get_payment(pending.gateway_id)


def _announce(plan: Plan) -> None:
    with begin() as session:
        while issue_due(session, now=business_now(session)):
            pass
    with begin() as session:
        notices = list(session.scalars(select(Notice.id).where(Notice.sent_at.is_(None)).order_by(Notice.id)).all())
    chance = plan.chance("order")
    chance.shuffle(notices)
    for start in range(0, len(notices), _BATCH):
        with begin() as session:
            now = business_now(session)
            for place in range(start, min(len(notices), start + _BATCH)):
                late = timedelta(seconds=plan.spread_s * place / len(notices))
                mark_notice_sent(session, notices[place], now=now + late)


def _read(plan: Plan) -> list[Due]:
    fates = draw_fates(plan)
    with begin() as session:
        rows = session.execute(
            select(
                Invoice.customer_id,
                Invoice.contract_id,
                Installment.id.label("line_id"),
                Invoice.id,
                PaymentMethod.id.label("method_id"),
                PaymentMethod.gateway_id,
                Customer.external_id,
                type_coerce(Installment.charge_at, DateTime(timezone=True)).label("due_at"),
            )
            .join(Customer, Customer.id == Invoice.customer_id)
            .join(Installment, Installment.id == Invoice.installment_id)
            .join(Autopay, Autopay.contract_id == Invoice.contract_id)
            .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
            .where(Installment.number == 2)
            .order_by(Installment.charge_at, Installment.id)
        ).all()
        assert len(rows) == plan.charges, f"{len(rows)} charges are due, not {plan.charges}"
        return [
            Due(
                *row[:6],
                agreed(row.external_id),
                row.due_at,
                fate,
                *(_way_in(session, row.customer_id, row.id) if fate in ACTING else ("", "")),
            )
            for row, fate in zip(rows, fates, strict=True)
        ]


def agreed(external_id: str) -> int:
    """What the customer with this external id pays a month, in kopecks."""
    return _LEAST_KOPECKS + int(external_id.removeprefix(_KNOWN_AS))


def _way_in(session: Session, customer_id: UUID, invoice_id: UUID) -> tuple[str, str]:
    user = User(email=f"{customer_id}@example.com", name="Клиент", password_hash="-", email_confirmed_at=real_now())
    session.add(user)
    session.flush()  # membership and session refer to it
    session.add(Membership(user_id=user.id, customer_id=customer_id))
    cookie = start_session(session, user.id, CUSTOMER, Visitor("127.0.0.1", "crash"), now=real_now())
    return cookie, make_pay_link(session, invoice_id)


def _script(plan: Plan, outside: Outside, dues: Sequence[Due]) -> None:
    chance = plan.chance("outcomes")
    for due in dues:
        if due.fate in ("declined", "refused"):
            reason = _pick(chance, _SOFT if due.fate == "declined" else _HARD)
            outside.control("outcomes", {"payment_method_id": due.token, "outcomes": [reason]})


def _pick(chance: random.Random, among: Sequence[str]) -> str:
    return among[chance.randrange(len(among))]
