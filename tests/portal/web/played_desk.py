"""A desk on which everything can be done: something real for each parameter of its addresses."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update

from crm_sync.models import SyncJob
from kernel.clock import business_now, real_now
from kernel.db import Session, begin
from kernel.outbox import Delivery, OutboxMessage, record
from payments.autopay.models import Notice
from payments.autopay.notices import mark_notice_sent
from payments.catalogue.selling import Ware, add_price, add_product
from payments.charging.due import create_due_payments
from payments.charging.models import Payment
from payments.contracts.models import BY_CALENDAR, Installment
from payments.contracts.periods import Period
from payments.events import PaymentSucceeded
from payments.invoicing.issue import issue_due
from payments.invoicing.models import Invoice
from portal.accounts.models import User
from portal.accounts.passwords import hash_password
from portal.accounts.staff import invite_staff
from portal.exports.asking import ask_for_export
from portal.notes.writing import add_note
from portal.notifications.models import Message
from portal.saved_views.keeping import save_view
from tests.portal.accounts.people import PASSWORD
from tests.portal.web.differing import NOBODYS, plant_differences
from tests.portal.web.staff.played import agreement, answer, at_noon, customer_of, pay_first
from tests.support.business import Agreement, open_company


def play_desk(gateway_ids: tuple[str, ...] = NOBODYS) -> dict[str, str]:
    """Anna has late weekly charges and a letter that failed, Boris a payment under way, Darya a charge that failed.

    `gateway_ids` are three payments that the gateway has and we have not. Returns the ids by parameter.
    """
    at_noon(date(2027, 3, 1))
    with begin() as session:
        _entity, shop = open_company(session)
        product = add_product(session, Ware("Абонемент", "Три занятия"), shop=shop, by=uuid4())
        price = add_price(session, product.id, 250_000, Period("month"), by=uuid4())
        anna = agreement(
            session,
            customer_of(session, "Анна Ковалёва", email="anna@example.com"),
            period=Period("week"),
            advance=BY_CALENDAR,
        )
        pay_first(session, anna)
        boris = agreement(session, customer_of(session, "Борис Рощин"))
        payment_id = pay_first(session, boris, last4="1111")
        later = business_now(session) + timedelta(days=60)
        session.execute(
            update(Payment)
            .where(Payment.id == payment_id)
            .values(status="pending", next_check_at=later, oddity="not_captured")
        )
        email = "darya@example.com"
        darya = agreement(session, customer_of(session, "Дарья Орлова", email=email), period=Period("week"))
        pay_first(session, darya, last4="2222")
    failed_id = _failed_charge(darya)
    at_noon(date(2027, 3, 20))
    with begin() as session:
        while issue_due(session, now=business_now(session)):
            pass
        line = select(Installment.id).where(Installment.contract_id == anna.contract_id, Installment.status != "paid")
        colleague = employee(session, "colleague@example.com", "viewer")
        names: dict[str, object] = {
            "customer_id": anna.customer_id,
            "contract_id": boris.contract_id,
            "payment_id": payment_id,
            "failed_id": failed_id,
            "invoice_id": session.scalars(
                select(Invoice.id).where(Invoice.contract_id == anna.contract_id).order_by(Invoice.id.desc()).limit(1)
            ).one(),
            "installment_id": session.scalars(line.order_by(Installment.number).limit(1)).one(),
            "product_id": product.id,
            "price_id": price.id,
            "message_id": _failed_letter(session),
            "delivery_id": _dead_delivery(session, payment_id),
            "job_id": _parked_job(session, anna.customer_id, "contact", "rejected"),
            "gone_job_id": _parked_job(session, anna.customer_id, "requisite", "gone"),
            "user_id": colleague.id,
            "note_id": add_note(session, anna.customer_id, colleague.id, "Ждёт звонка", now=business_now(session)).id,
            "view_id": save_view(session, colleague.id, "Отказы", "status=canceled").id,
            "export_id": _export(session, colleague.id),
            "invited_id": _invited(session),
        }
        names |= plant_differences(session, shop.id, UUID(str(names["invoice_id"])), gateway_ids)
    return {name: str(value) for name, value in names.items()}


def employee(session: Session, email: str, role: str) -> User:
    """Somebody with a known password."""
    user = User(
        email=email,
        name="Олег Ветров",
        password_hash=hash_password(PASSWORD),
        staff_role=role,
        email_confirmed_at=real_now(),
    )
    session.add(user)
    session.flush()
    return user


def _parked_job(session: Session, customer_id: UUID, kind: str, failure: str) -> int:
    job = SyncJob(kind=kind, local_id=customer_id, customer_id=customer_id, rank=1, status="parked", failure=failure)
    session.add(job)
    session.flush()
    return job.id


def _failed_charge(it: Agreement) -> UUID:
    """The charge of the second week fails for want of money, and nothing more is tried; its invoice."""
    at_noon(date(2027, 3, 5))
    with begin() as session:
        issue_due(session, now=business_now(session))
        invoice = session.scalars(
            select(Invoice).where(Invoice.contract_id == it.contract_id, Invoice.status == "open")
        ).one()
        notice = select(Notice.id).where(Notice.installment_id == invoice.installment_id)
        mark_notice_sent(session, session.scalars(notice).one(), now=business_now(session))
    at_noon(date(2027, 3, 9))
    with begin() as session:
        create_due_payments(session, now=business_now(session))
        payment = session.scalars(select(Payment).where(Payment.invoice_id == invoice.id)).one()
        answer(session, [(payment, "insufficient_funds")])
        session.execute(update(Installment).where(Installment.id == invoice.installment_id).values(charge_at=None))
    return invoice.id


def _invited(session: Session) -> object:
    invite_staff(session, "invited@example.com", "Нина Серова", "viewer", now=real_now())
    return session.scalars(select(User.id).where(User.email == "invited@example.com")).one()


def _export(session: Session, user_id: UUID) -> object:
    now = business_now(session)
    return ask_for_export(session, user_id, format_="csv", query="", total=1, language="ru", now=now).id


def _failed_letter(session: Session) -> object:
    letter = Message(
        kind="invoice_issued",
        dedupe_key="failed",
        recipient="anna@example.com",
        subject="Счёт",
        text_body="Счёт",
        html_body="<p>Счёт</p>",
        status="failed",
        tries=18,
    )
    session.add(letter)
    session.flush()
    return letter.id


def _dead_delivery(session: Session, payment_id: object) -> object:
    record(session, PaymentSucceeded(payment_id))  # type: ignore[arg-type]  # an id as good as any
    session.flush()
    event = session.scalars(
        select(OutboxMessage).where(OutboxMessage.topic == PaymentSucceeded.topic).order_by(OutboxMessage.id.desc())
    ).first()
    assert event
    delivery = Delivery(message_id=event.id, consumer="notifications", tries=9, dead_at=business_now(session))
    session.add(delivery)
    session.flush()
    return delivery.id
