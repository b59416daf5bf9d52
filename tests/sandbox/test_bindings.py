from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Hook
from tests.sandbox.gateway import GOOD_CARD, POOR_CARD, RETURN_URL, Client, Json, charge, eventually


def binding(kind: str = "bank_card", confirmation: str = "redirect") -> Json:
    return {"type": kind, "confirmation": {"type": confirmation, "return_url": RETURN_URL}}


def card(number: str) -> dict[str, str]:
    return {"number": number, "expiry": "12/40", "csc": "123"}


def test_a_card_is_bound_without_a_payment_and_can_be_charged(client: Client, hook: Hook) -> None:
    made = client.made("/payment_methods", binding())
    assert (made["status"], made["saved"]) == ("pending", False)
    assert made["holder"] == {"account_id": "100500", "gateway_id": "100700"}
    page = f"/yookassa/bind/{made['id']}"
    assert made["confirmation"]["confirmation_url"].endswith(page)
    assert "Привязать карту" in client.web.get(page).text

    assert client.web.post(page, data=card(GOOD_CARD)).headers["location"] == RETURN_URL

    bound = client.got(f"/payment_methods/{made['id']}")
    assert (bound["status"], bound["saved"], bound["card"]["last4"]) == ("active", True, "4444")
    assert "confirmation" not in bound
    assert eventually(hook.events) == ["payment_method.active"]
    assert client.made("/payments", charge(made["id"]))["status"] == "succeeded"


def test_a_declined_card_may_be_replaced_and_a_form_is_checked(client: Client) -> None:
    made = client.made("/payment_methods", binding())
    page = f"/yookassa/bind/{made['id']}"
    assert client.web.post(page, data=card(POOR_CARD)).headers["location"] == page
    assert "Причина: не хватает денег" in client.web.get(page).text
    assert client.web.post(page, data=card("1")).headers["location"] == page
    assert "от 12 до 19 цифр" in client.web.get(page).text
    assert client.got(f"/payment_methods/{made['id']}")["status"] == "pending"
    client.web.post(page, data=card(GOOD_CARD))
    assert client.got(f"/payment_methods/{made['id']}")["status"] == "active"


def test_without_retries_a_declined_card_ends_the_binding_silently(client: Client, hook: Hook) -> None:
    client.control("shops", {"account_id": "100500", "form_retries": False})
    made = client.made("/payment_methods", binding())
    client.web.post(f"/yookassa/bind/{made['id']}", data=card(POOR_CARD))

    ended = client.got(f"/payment_methods/{made['id']}")
    assert (ended["status"], ended["saved"]) == ("inactive", False)
    assert "cancellation_details" not in ended
    assert client.control("clock", {"jump": "PT1M"})["state"] == "idle"
    assert hook.received == []


def test_the_link_lives_an_hour(client: Client, hook: Hook) -> None:
    made = client.made("/payment_methods", binding())
    client.control("clock", {"jump": "PT61M"})

    assert client.got(f"/payment_methods/{made['id']}")["status"] == "inactive"
    assert "Не привязано" in client.web.get(f"/yookassa/bind/{made['id']}").text
    assert client.post("/payments", charge(made["id"])).json()["description"] == "Payment method is not saved"
    assert hook.received == []


@pytest.mark.parametrize("confirmation", ["redirect", "qr"])
def test_an_sbp_account_is_bound_in_the_banks_application(client: Client, confirmation: str) -> None:
    made = client.made("/payment_methods", binding("sbp", confirmation))
    assert made["confirmation"]["type"] == confirmation
    client.web.post(f"/yookassa/bind/{made['id']}", data={"answer": "confirm"})

    bound = client.got(f"/payment_methods/{made['id']}")
    assert (bound["type"], bound["status"]) == ("sbp", "active")
    assert bound["payer_bank_details"]["bic"]
    assert client.made("/payments", charge(made["id"]))["payment_method"]["type"] == "sbp"


def test_an_sbp_binding_can_be_refused(client: Client) -> None:
    made = client.made("/payment_methods", binding("sbp"))
    client.web.post(f"/yookassa/bind/{made['id']}", data={"answer": "refuse"})
    assert client.got(f"/payment_methods/{made['id']}")["status"] == "inactive"


@pytest.mark.parametrize(
    ("change", "status", "parameter"),
    [
        ({"type": "cash"}, 400, "type"),
        ({"confirmation": {"type": "qr"}}, 400, "confirmation.type"),
        ({"confirmation": None}, 400, "confirmation"),
        ({"card": {"number": "4111111111111111"}}, 403, None),
    ],
)
def test_a_wrong_binding_is_refused(client: Client, change: Json, status: int, parameter: Any) -> None:
    refused = client.post("/payment_methods", binding() | change)
    assert (refused.status_code, refused.json().get("parameter")) == (status, parameter)


def test_methods_can_be_neither_listed_nor_deleted(client: Client) -> None:
    method = client.saved_method()
    assert client.api.get("/payment_methods").status_code == 405
    assert client.api.delete(f"/payment_methods/{method}").status_code == 405
