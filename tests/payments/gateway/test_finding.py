"""Finding our payment in the shop's list, which also holds what was never ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import respx

from payments.gateway import yookassa
from payments.gateway.port import GatewayPayment, NoSuchPayment, OutcomeUnknown
from payments.gateway.yookassa import YooKassa
from tests.payments.gateway.conftest import API
from tests.support.raw_payments import raw_payment

OURS = uuid4()
SINCE = datetime(2027, 1, 1, tzinfo=UTC)


def _find(router: respx.MockRouter, *pages: dict[str, Any], payment_id: UUID = OURS) -> list[Any]:
    router.get("/payments").mock(side_effect=[respx.MockResponse(200, json=page) for page in pages])
    shop = YooKassa(api_url=API, shop_id="100500", secret_key="test")
    return [item for _, item in shop.find_payments([payment_id], SINCE, SINCE + timedelta(days=1))]


UNREADABLE: list[Any] = [
    raw_payment(uuid4(), status="on_its_way"),
    raw_payment(uuid4(), amount={"value": "a lot"}),
    raw_payment("an order of the shop's own"),
    raw_payment(uuid4(), metadata="none"),
    raw_payment(uuid4(), metadata={"payment_id": 7}),
    {},
    None,
]


@pytest.mark.parametrize("foreign", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_foreign_payment_that_nobody_can_read_does_not_hide_ours(gateway: respx.MockRouter, foreign: object) -> None:
    found = _find(gateway, {"items": [foreign], "next_cursor": "2"}, {"items": [raw_payment(OURS)]})

    assert [item.payment_id for item in found] == [OURS]


def test_a_window_of_foreign_payments_proves_that_ours_is_absent(gateway: respx.MockRouter) -> None:
    assert _find(gateway, {"items": UNREADABLE}) == []


def test_ours_in_a_status_that_nobody_has_heard_of_is_no_absence(gateway: respx.MockRouter) -> None:
    (found,) = _find(gateway, {"items": [raw_payment(OURS, status="on_its_way")]})

    assert isinstance(found, OutcomeUnknown)


def test_one_of_ours_that_nobody_can_read_does_not_hide_another_of_ours(gateway: respx.MockRouter) -> None:
    other = uuid4()
    page = {"items": [raw_payment(OURS, status="on_its_way"), raw_payment(uuid4()), raw_payment(other)]}
    gateway.get("/payments").respond(200, json=page)
    shop = YooKassa(api_url=API, shop_id="100500", secret_key="test")

    found = dict(shop.find_payments([OURS, other], SINCE, SINCE + timedelta(days=1)))

    assert isinstance(found[OURS], OutcomeUnknown)
    assert isinstance(found[other], GatewayPayment)
    assert len(found) == 2


def test_a_page_that_fails_is_asked_for_again_and_the_search_goes_on_from_there(gateway: respx.MockRouter) -> None:
    asked = gateway.get("/payments").mock(
        side_effect=[
            respx.MockResponse(200, json={"items": [], "next_cursor": "2"}),
            respx.MockResponse(500, json={"type": "error", "code": "internal_server_error"}),
            respx.MockResponse(429, json={"type": "error", "code": "too_many_requests"}),
            respx.MockResponse(200, json={"items": [raw_payment(OURS)]}),
        ]
    )
    shop = YooKassa(api_url=API, shop_id="100500", secret_key="test")

    found = list(shop.find_payments([OURS], SINCE, SINCE + timedelta(days=1)))

    assert [payment_id for payment_id, _ in found] == [OURS]
    assert [call.request.url.params.get("cursor") for call in asked.calls] == [None, "2", "2", "2"]


def test_a_list_that_keeps_failing_is_no_absence(gateway: respx.MockRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yookassa, "_PAUSES_S", (0.0, 0.0))
    asked = gateway.get("/payments").respond(502, text="<html>")
    shop = YooKassa(api_url=API, shop_id="100500", secret_key="test")

    with pytest.raises(OutcomeUnknown):
        list(shop.find_payments([OURS], SINCE, SINCE + timedelta(days=1)))

    assert asked.call_count == 3


@pytest.mark.parametrize("cursors", [["2", "2"], ["2", "3", "2"]], ids=str)
def test_a_list_that_leads_back_to_a_page_of_its_own_is_no_absence(
    gateway: respx.MockRouter, cursors: list[str]
) -> None:
    with pytest.raises(OutcomeUnknown):
        _find(gateway, *({"items": [], "next_cursor": cursor} for cursor in [*cursors, "end"]), {"items": []})


def test_a_list_without_end_is_no_absence(gateway: respx.MockRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yookassa, "MOST_PAGES", 2)
    with pytest.raises(OutcomeUnknown):
        _find(gateway, {"items": [], "next_cursor": "2"}, {"items": [], "next_cursor": "3"}, {"items": []})
    gateway.reset()
    assert _find(gateway, {"items": [], "next_cursor": "2"}, {"items": []}) == []


def test_an_id_never_leads_to_another_address(gateway: respx.MockRouter) -> None:
    asked = gateway.route().respond(404, json={"type": "error", "code": "not_found"})

    with pytest.raises(NoSuchPayment):
        YooKassa(api_url=API, shop_id="100500", secret_key="test").get_payment("../refunds?limit=1")

    (call,) = asked.calls
    assert call.request.url.raw_path == b"/v3/payments/..%2Frefunds%3Flimit%3D1"
