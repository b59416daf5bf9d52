"""Whose work is taken next: of each customer the first job, and customers do not wait for each other."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from crm_sync import wanting
from crm_sync.claiming import claim
from crm_sync.models import TO_PUSH, SyncJob
from crm_sync.port import COMPANY, REQUISITE
from kernel.clock import business_now
from kernel.db import Session
from payments.customers.registration import CustomerData, create_customer


def company(session: Session, number: int) -> UUID:
    data = CustomerData(f"ООО «{number}»", "company", f"c{number}@example.com", inn="5000123458", kpp="500001001")
    customer_id = create_customer(session, data).id
    wanting.want_customers(session, [customer_id])
    return customer_id


def test_of_each_customer_the_first_job_is_taken_and_the_next_when_that_is_done(session: Session) -> None:
    first, second = company(session, 1), company(session, 2)
    taken = claim(session, 20)
    assert {(job.customer_id, job.kind) for job in taken} == {(first, COMPANY), (second, COMPANY)}
    assert claim(session, 20) == []


def test_a_customer_whose_first_job_has_to_wait_keeps_nobody_else_from_the_turn(session: Session) -> None:
    waits, ready = company(session, 1), company(session, 2)
    now = business_now(session)
    of_the_first = update(SyncJob).where(SyncJob.customer_id == waits)
    session.execute(of_the_first.where(SyncJob.kind == COMPANY).values(next_try_at=now + timedelta(minutes=15)))
    session.execute(of_the_first.where(SyncJob.kind == REQUISITE).values(next_try_at=now - timedelta(hours=1)))

    assert [(job.customer_id, job.kind) for job in claim(session, 1)] == [(ready, COMPANY)]


def test_nothing_is_due_while_the_first_job_of_the_only_customer_waits(session: Session) -> None:
    company(session, 1)
    assert session.scalars(select(SyncJob.kind).where(TO_PUSH.due())).all() == [COMPANY]

    later = business_now(session) + timedelta(minutes=15)
    session.execute(update(SyncJob).where(SyncJob.kind == COMPANY).values(next_try_at=later))
    assert session.scalars(select(SyncJob.kind).where(TO_PUSH.due())).all() == []
    assert session.scalars(select(SyncJob.next_try_at).where(TO_PUSH.where)).all() == [later]
