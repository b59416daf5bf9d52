"""Customers come into being and change, and whoever mirrors them hears of those that are different, and of no other."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from kernel.db import Session
from kernel.errors import NotFound
from kernel.outbox import OutboxMessage
from payments.customers.models import Customer
from payments.customers.registration import (
    CustomerData,
    change_customer,
    change_customers,
    create_customer,
    create_customers,
)

ANNA = CustomerData(name="Анна Ковалёва", email="anna@example.com", phone="+79161234567")
BORIS = CustomerData(name="Борис Жук")


def _told(session: Session, topic: str) -> list[UUID]:
    found = select(OutboxMessage).where(OutboxMessage.topic == f"payments.customer_{topic}.v1")
    return [UUID(message.payload["customer_id"]) for message in session.scalars(found.order_by(OutboxMessage.id))]


def test_new_customers_come_in_the_order_given_and_each_is_told_of(session: Session) -> None:
    made = create_customers(session, [(ANNA, "1C-7"), (BORIS, None)])

    assert [(it.name, it.external_id) for it in made] == [("Анна Ковалёва", "1C-7"), ("Борис Жук", None)]
    assert sorted(_told(session, "created")) == sorted(it.id for it in made)


def test_a_change_is_stored_and_told_of_once(session: Session) -> None:
    anna = create_customer(session, ANNA)
    moved = replace(ANNA, email="kovaleva@example.com", phone=None)

    assert [change_customer(session, anna.id, moved), change_customer(session, anna.id, moved)] == [True, False]

    stored = session.get_one(Customer, anna.id, populate_existing=True)
    assert (stored.name, stored.email, stored.phone) == ("Анна Ковалёва", "kovaleva@example.com", None)
    assert _told(session, "changed") == [anna.id]


def test_of_many_only_those_that_are_different_are_told_of(session: Session) -> None:
    anna, boris = create_customers(session, [(ANNA, None), (BORIS, None)])

    changed = change_customers(session, {anna.id: ANNA, boris.id: replace(BORIS, inn="500100732259")})

    assert changed == [boris.id]
    assert _told(session, "changed") == [boris.id]


def test_one_unknown_customer_among_many_changes_nobody(session: Session) -> None:
    anna = create_customer(session, ANNA)

    with pytest.raises(NotFound):
        change_customers(session, {anna.id: replace(ANNA, name="Другая"), uuid4(): BORIS})

    assert session.get_one(Customer, anna.id, populate_existing=True).name == "Анна Ковалёва"
    assert _told(session, "changed") == []
