"""Contracts get the next free number, whoever has taken numbers before."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.clock import business_date, business_now
from kernel.db import Session, begin
from payments.contracts.opening import Terms, open_contract, open_contracts
from payments.contracts.periods import Period
from payments.customers.registration import CustomerData, create_customer
from payments.installation.models import LegalEntity
from payments.installation.numbering import document_number
from tests.support.business import open_company


@pytest.fixture
def terms(session: Session) -> Terms:
    """Terms of the company's own customer."""
    return terms_of(session)


def terms_of(session: Session) -> Terms:
    entity, shop = open_company(session)
    return Terms(
        customer_id=create_customer(session, CustomerData(name="Анна Ковалёва", email="anna@example.com")).id,
        legal_entity_id=entity.id,
        shop_id=shop.id,
        title="Абонемент",
        kopecks=300_000,
        first_due_on=business_date(business_now(session)) + timedelta(days=7),
        period=Period("month"),
    )


def second_entity(session: Session) -> LegalEntity:
    entity = LegalEntity(name="ООО «Второе»", inn="7707083893")
    session.add(entity)
    session.flush()
    return entity


def number(session: Session, n: int) -> str:
    return document_number(business_date(business_now(session)).year, n)


def opened(session: Session, *agreed: Terms) -> list[str]:
    return [contract.number for contract in open_contracts(session, agreed, now=business_now(session))]


def test_numbers_follow_each_other(session: Session, terms: Terms) -> None:
    assert opened(session, terms, terms) == [number(session, 1), number(session, 2)]
    assert opened(session, terms) == [number(session, 3)]


def test_a_number_that_an_imported_contract_brought_is_passed_over(session: Session, terms: Terms) -> None:
    opened(session, terms)
    open_contract(session, replace(terms, number=number(session, 2), external_id="D-1"), now=business_now(session))

    assert opened(session, terms, terms) == [number(session, 3), number(session, 4)]


def test_a_number_brought_in_the_same_batch_is_passed_over(session: Session, terms: Terms) -> None:
    brought = replace(terms, number=number(session, 1))

    assert opened(session, terms, brought, terms) == [number(session, 2), number(session, 1), number(session, 3)]


def test_a_long_row_of_used_numbers_leaves_no_gap_behind_it(session: Session, terms: Terms) -> None:
    used = [number(session, n) for n in range(1, 40) if n != 30]
    opened(session, *(replace(terms, number=each) for each in used))

    assert opened(session, terms) == [number(session, 30)]
    assert opened(session, terms) == [number(session, 40)]
    assert opened(session, terms) == [number(session, 41)]


def test_two_legal_entities_share_the_numbers(session: Session, terms: Terms) -> None:
    other = replace(terms, legal_entity_id=second_entity(session).id)

    assert sorted(opened(session, terms, other)) == [number(session, 1), number(session, 2)]
    assert opened(session, other) == [number(session, 3)]


def test_two_legal_entities_at_the_same_time_get_different_numbers(committed: str) -> None:
    with begin() as session:
        mine = terms_of(session)
        other = replace(mine, legal_entity_id=second_entity(session).id)
        expected = [number(session, n) for n in range(1, 17)]
    numbers: list[str] = []

    def work(terms: Terms) -> None:
        for _turn in range(8):
            with begin() as session:
                numbers.extend(opened(session, terms))

    threads = [threading.Thread(target=work, args=(terms,)) for terms in (mine, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(numbers) == expected
