"""What is added up for an invoice is added up for few of them, whatever PostgreSQL believes of the tables' sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from tests.payments.doctor.breaking import CHECKS
from tests.payments.doctor.conftest import Books

ADDING_UP = ("one_success_per_invoice", "gateway_took_once")
MANY = """
    WITH made AS (
        INSERT INTO invoices SELECT (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(), 'number', n,
            'installment_id', gen_random_uuid()))).* FROM invoices i, generate_series(1, 500) n
        WHERE i.id = (SELECT invoice_id FROM payments WHERE id = :charged) RETURNING id
    )
    INSERT INTO gateway_payments (gateway_id, shop_id, status, kopecks, currency, refunded_kopecks, created_at, captured_at,
        invoice_id, contract_id, numbers, read_at)
    SELECT made.id, shop_id, status, kopecks, currency, 0, created_at, captured_at, made.id, contract_id, '{}', read_at
    FROM gateway_payments g, made WHERE g.payment_id = :charged
"""
# As after several readings in a row, before autovacuum came: the file has grown, and with it what is reckoned to be there.
GROWN = "UPDATE pg_class SET reltuples = reltuples * 10 WHERE relname IN ('payments', 'gateway_payments')"


def plan_of(books: Books, name: str, *, options: str) -> list[dict[str, Any]]:
    """Every node of the check's plan."""
    explained = books.session.execute(text(f"EXPLAIN (FORMAT JSON{options}) {CHECKS[name].breaches}")).scalar_one()
    return list(_nodes(explained[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


@pytest.mark.parametrize("name", ADDING_UP)
def test_only_an_invoice_with_several_payments_is_added_up(books: Books, name: str) -> None:
    books.do(MANY)
    for statement in ("ANALYZE invoices", "ANALYZE gateway_payments", GROWN):
        books.session.execute(text(statement))

    lists = [node for node in plan_of(books, name, options=", ANALYZE") if node.get("Alias") == "g"]

    assert lists
    assert {node["Actual Loops"] for node in lists} == {0}, "each invoice has one payment"


@pytest.mark.parametrize("name", ADDING_UP)
def test_its_payments_are_found_by_an_index(books: Books, name: str) -> None:
    books.session.execute(text("SET LOCAL enable_seqscan = off"))

    found = [node["Alias"] for node in plan_of(books, name, options="") if node["Node Type"] == "Seq Scan"]

    assert [alias for alias in found if alias.startswith("gateway_payments")] == []
