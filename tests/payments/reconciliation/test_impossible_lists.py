"""A list that holds what cannot be is refused as a whole, and the error names the row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import respx

from payments.gateway import transport
from payments.gateway.port import BrokenList, OutcomeUnknown
from payments.gateway.yookassa import YooKassa
from payments.reconciliation.reading import Lists, Reader, Window
from tests.support.raw_payments import raw_payment

API = "http://gateway.test/v3"
SINCE = datetime(2027, 1, 1, tzinfo=UTC)
WINDOW = Window(SINCE, SINCE + timedelta(days=1))
Rows = list[Any]


@pytest.fixture
def gateway() -> Iterator[respx.MockRouter]:
    transport.close()
    with respx.mock(base_url=API, assert_all_called=False) as router:
        yield router
    transport.close()


def _refund(**changes: object) -> dict[str, Any]:
    whole = {
        "id": f"rf-{uuid4()}",
        "payment_id": f"gw-{uuid4()}",
        "status": "succeeded",
        "amount": {"value": "10.00", "currency": "RUB"},
        "created_at": "2027-01-01T11:00:00.000Z",
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def _read(router: respx.MockRouter, payments: list[Any], refunds: Rows | None = None) -> Lists:
    router.get("/payments").mock(side_effect=[respx.MockResponse(200, json=page) for page in payments])
    router.get("/refunds").respond(200, json={"items": refunds or []})
    shop = YooKassa(api_url=API, shop_id="100500", secret_key="test")
    return Reader(shop, "100500", test=True, beat=lambda: None, pauses_s=()).read(WINDOW)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "text"),
        ({"amount": {"value": "-100.00", "currency": "RUB"}}, "gw-bad: сумма -10000"),
        ({"amount": {"value": "100.00", "currency": "USD"}}, "gw-bad: валюта USD"),
        ({"amount": {"value": "a lot", "currency": "RUB"}}, "gw-bad"),
        ({"amount": None}, "gw-bad"),
        ({"status": "under_review"}, "gw-bad: .*status"),
        ({"created_at": None}, "gw-bad: нет времени"),
        ({"created_at": "2027-01-01T10:00:00"}, "gw-bad: нет времени"),
        ({"created_at": "2026-12-31T23:59:59.999Z"}, "gw-bad: создан 2026-12-31"),
        ({"recipient": {"account_id": "999"}}, "gw-bad: магазин 999"),
        ({"test": False}, "gw-bad: тестовый"),
        ({"refunded_amount": {"value": "100.01", "currency": "RUB"}}, "gw-bad: возвращено"),
    ],
    ids=str,
)
def test_a_row_that_cannot_be_is_named(gateway: respx.MockRouter, changes: dict[str, object], named: str) -> None:
    rows = [raw_payment(uuid4()), raw_payment("bad", **changes)]

    with pytest.raises(BrokenList, match=named):
        _read(gateway, [{"items": rows}])


@pytest.mark.parametrize("row", [None, 7, "gw", []], ids=str)
def test_a_row_that_is_no_object_is_named(gateway: respx.MockRouter, row: object) -> None:
    with pytest.raises(BrokenList):
        _read(gateway, [{"items": [row]}])


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"payment_id": None},
        {"amount": {"value": "-1.00", "currency": "RUB"}},
        {"amount": {"value": "1.00", "currency": "EUR"}},
        {"status": "waiting"},
        {"created_at": "yesterday"},
        {"created_at": "2027-01-02T00:00:00.000Z"},
    ],
    ids=str,
)
def test_a_refund_that_cannot_be_is_refused(gateway: respx.MockRouter, changes: dict[str, object]) -> None:
    with pytest.raises(BrokenList):
        _read(gateway, [{"items": []}], [_refund(**changes)])


@pytest.mark.parametrize("body", [{}, {"items": {}}, {"items": None}, {"type": "error", "items": []}], ids=str)
def test_what_is_no_list_is_no_empty_list(gateway: respx.MockRouter, body: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        _read(gateway, [body])


@pytest.mark.parametrize("cursors", [["2", "2"], ["2", "3", "4"]], ids=str)
def test_a_list_that_leads_in_a_circle_is_refused(gateway: respx.MockRouter, cursors: list[str]) -> None:
    same = [raw_payment(uuid4())]
    pages = [{"items": same, "next_cursor": cursor} for cursor in cursors]

    with pytest.raises(BrokenList, match="по кругу"):
        _read(gateway, pages)


def test_a_list_is_read_to_its_end_and_a_refund_brings_the_older_payment_that_it_is_of(
    gateway: respx.MockRouter,
) -> None:
    first, second, old = raw_payment(uuid4()), raw_payment(uuid4()), uuid4()
    older = raw_payment(old, created_at="2026-11-01T10:00:00Z", refunded_amount={"value": "10.00", "currency": "RUB"})
    gateway.get(f"/payments/gw-{old}").respond(200, json=older)

    found = _read(
        gateway,
        [{"items": [first], "next_cursor": "2"}, {"items": [second]}],
        [_refund(payment_id=f"gw-{old}"), _refund(payment_id=first["id"])],
    )

    assert [row["gateway_id"] for row in found.payments] == [first["id"], second["id"]]
    assert [(row["gateway_id"], row["refunded_kopecks"]) for row in found.others] == [(f"gw-{old}", 1000)]
    assert len(found.refunds) == 2


def test_numbers_of_our_documents_are_read_from_descriptions_and_nothing_else_is(gateway: respx.MockRouter) -> None:
    text = "Иванов И. И., счёт №2026-0147, договор 2026-0012/1, тел. 8-916-1234567, 2026-01-31"
    found = _read(gateway, [{"items": [raw_payment(uuid4(), description=text)]}])

    assert found.payments[0]["numbers"] == ["invoice 2026-0147", "contract 2026-0012/1"]
    assert "Иванов" not in str(found.payments[0])


def test_a_refund_of_a_payment_that_the_gateway_keeps_no_more_is_read_without_it(gateway: respx.MockRouter) -> None:
    gateway.get("/payments/gw-forgotten").respond(404, json={"type": "error", "code": "not_found"})

    found = _read(gateway, [{"items": []}], [_refund(payment_id="gw-forgotten")])

    assert (len(found.refunds), found.others) == (1, [])
