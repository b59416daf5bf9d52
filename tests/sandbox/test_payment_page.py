from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.conftest import Hook
from tests.sandbox.gateway import GOOD_CARD, POOR_CARD, RETURN_URL, THREE_DS_CARD, Client, eventually, order

PAYING = [
    "5555555555554477", "5555555555554444", "6759649826438453", "4793128161644804", "4111111111111111",
    "4175001000000017", "2200000000000004", "2202474301322987", "370000000000002", "3528000700000000",
    "36700102000000",
]  # fmt: skip
DECLINED = [
    ("5555555555554592", "payment_network", "3d_secure_failed"),
    ("4926946416239025", "payment_network", "call_issuer"),
    ("2200000000000038", "payment_network", "card_expired"),
    ("5555555555554568", "payment_network", "fraud_suspected"),
    ("4889971706588753", "payment_network", "general_decline"),
    ("2200000000000053", "payment_network", "insufficient_funds"),
    ("5555555555554618", "payment_network", "invalid_card_number"),
    ("4194180666146368", "payment_network", "invalid_csc"),
    ("2201382000000021", "payment_network", "issuer_unavailable"),
    ("5555555555554576", "payment_network", "payment_method_limit_exceeded"),
    ("4233961169071671", "payment_network", "payment_method_restricted"),
    ("2201382000000054", "yoo_money", "country_forbidden"),
    ("5555555555554634", "yoo_money", "fraud_suspected"),
]


def test_a_new_payment_waits_for_the_payer_and_names_no_method(client: Client) -> None:
    payment = client.made("/payments", order())

    assert payment["status"] == "pending"
    assert payment["confirmation"]["confirmation_url"].endswith(f"/yookassa/pay/{payment['id']}")
    assert payment["confirmation"]["return_url"] == RETURN_URL
    assert "payment_method" not in payment
    assert payment["test"] is True
    assert payment["recipient"] == {"account_id": "100500", "gateway_id": "100700"}


@pytest.mark.parametrize("number", PAYING)
def test_each_good_test_card_pays(client: Client, number: str) -> None:
    payment = client.made("/payments", order())
    client.pay(payment, number)

    paid = client.got(f"/payments/{payment['id']}")

    assert (paid["status"], paid["paid"], paid["refundable"]) == ("succeeded", True, True)
    assert paid["income_amount"]["value"] == "289.50"
    assert paid["refunded_amount"]["value"] == "0.00"
    assert paid["payment_method"]["card"]["last4"] == number[-4:]
    assert "confirmation" not in paid


@pytest.mark.parametrize(("number", "party", "reason"), DECLINED)
def test_without_retries_a_bad_card_cancels_the_payment_with_its_reason(
    client: Client, number: str, party: str, reason: str
) -> None:
    client.control("shops", {"account_id": "100500", "form_retries": False})
    payment = client.made("/payments", order(save_payment_method=True))

    answer = client.pay(payment, number)
    canceled = client.got(f"/payments/{payment['id']}")

    assert (answer.status_code, answer.headers["location"]) == (303, RETURN_URL)
    assert canceled["status"] == "canceled"
    assert canceled["cancellation_details"] == {"party": party, "reason": reason}
    assert canceled["payment_method"]["saved"] is False


def test_a_decline_leaves_the_payment_pending_and_another_card_pays_it(client: Client) -> None:
    payment = client.made("/payments", order())

    declined = client.pay(payment, POOR_CARD)

    page = f"/yookassa/pay/{payment['id']}"
    assert (declined.status_code, declined.headers["location"]) == (303, page)
    shown = [client.web.get(page).text for _ in range(2)]
    assert all("Причина: не хватает денег" in text and POOR_CARD in text for text in shown)
    assert client.got(f"/payments/{payment['id']}")["status"] == "pending"
    assert client.pay(payment).status_code == 303
    assert client.got(f"/payments/{payment['id']}")["status"] == "succeeded"


def test_the_payer_returns_to_the_shop_by_its_address_unchanged(client: Client) -> None:
    payment = client.made("/payments", order())
    assert client.pay(payment).headers["location"] == RETURN_URL
    assert client.pay(payment).headers["location"] == RETURN_URL


def test_a_3ds_card_goes_by_the_banks_page(client: Client) -> None:
    payment = client.made("/payments", order())
    page = f"/yookassa/pay/{payment['id']}"
    to_bank = client.web.post(page, data={"number": THREE_DS_CARD, "expiry": "12/40", "csc": "123"})

    assert (to_bank.status_code, to_bank.headers["location"]) == (303, f"{page}/3ds")
    assert "•••• 4477" in client.web.get(f"{page}/3ds").text
    assert client.got(f"/payments/{payment['id']}")["status"] == "pending"
    refused = client.web.post(f"{page}/3ds", data={"answer": "refuse"})
    assert (refused.status_code, refused.headers["location"]) == (303, page)
    assert "Причина: не пройдена проверка 3-D Secure" in client.web.get(page).text

    client.web.post(page, data={"number": THREE_DS_CARD, "expiry": "12/40", "csc": "123"})
    assert "Причина: не пройдена проверка 3-D Secure" not in client.web.get(page).text
    client.pay(payment, THREE_DS_CARD)
    paid = client.got(f"/payments/{payment['id']}")
    assert paid["authorization_details"]["three_d_secure"] == {"applied": True}


def test_refusing_at_the_bank_cancels_where_retries_are_off(client: Client) -> None:
    client.control("shops", {"account_id": "100500", "form_retries": False})
    payment = client.made("/payments", order())
    page = f"/yookassa/pay/{payment['id']}"
    client.web.post(page, data={"number": THREE_DS_CARD, "expiry": "12/40", "csc": "123"})
    client.web.post(f"{page}/3ds", data={"answer": "refuse"})

    canceled = client.got(f"/payments/{payment['id']}")
    assert canceled["cancellation_details"] == {"party": "payment_network", "reason": "3d_secure_failed"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"number": ""}, "Введите номер карты"),
        ({"number": "12"}, "от 12 до 19 цифр"),
        ({"number": "5555555555554445"}, "опечатка"),
        ({"number": "5105105105105100"}, "только тестовые карты"),
        ({"expiry": "1340"}, "Месяц — от 01 до 12"),
        ({"expiry": "soon"}, "месяц и год"),
        ({"expiry": "01/20"}, "истёк"),
        ({"csc": "1"}, "три цифры"),
        ({"csc": "١٢٣"}, "три цифры"),
    ],
)
def test_what_is_wrong_with_the_form_is_said_beside_the_field(
    client: Client, fields: dict[str, str], words: str
) -> None:
    payment = client.made("/payments", order())
    good = {"number": GOOD_CARD, "expiry": "12/40", "csc": "123"}

    page = f"/yookassa/pay/{payment['id']}"
    answer = client.web.post(page, data=good | fields)

    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert re.search(f'class="field-error"[^>]*>[^<]*{words}', client.web.get(page).text)
    assert client.got(f"/payments/{payment['id']}")["status"] == "pending"


@pytest.mark.parametrize("expiry", ["12/40", "12 / 40", "1240", "12/2040", "2/40"])
def test_any_future_expiry_is_taken_however_it_is_written(client: Client, expiry: str) -> None:
    payment = client.made("/payments", order())
    assert client.pay(payment, GOOD_CARD, expiry=expiry).status_code == 303


@pytest.mark.parametrize(
    ("asked", "ticked", "saved"),
    [
        ({"save_payment_method": True}, {}, True),
        ({"save_payment_method": False}, {"save": "1"}, False),
        ({"save_payment_method": "false"}, {"save": "1"}, False),
        ({}, {}, False),
        ({}, {"save": "1"}, True),
    ],
)
def test_saving_has_three_states(client: Client, *, asked: dict[str, Any], ticked: dict[str, str], saved: bool) -> None:
    payment = client.made("/payments", order(**asked))
    page = client.web.get(f"/yookassa/pay/{payment['id']}").text
    client.pay(payment, GOOD_CARD, **ticked)

    method = client.got(f"/payments/{payment['id']}")["payment_method"]

    assert ('name="save"' in page) == (asked == {})
    assert ("Карта будет сохранена" in page) == (asked == {"save_payment_method": True})
    assert method["saved"] is saved
    assert method["id"] == payment["id"]


def test_a_shop_without_autopayments_may_not_save(client: Client) -> None:
    client.control("shops", {"account_id": "100500", "autopayments": False})

    refused = client.post("/payments", order(save_payment_method=True))
    payment = client.made("/payments", order())

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert 'name="save"' not in client.web.get(f"/yookassa/pay/{payment['id']}").text


def test_an_unpaid_payment_expires_after_an_hour_and_the_shop_hears_of_it(client: Client, hook: Hook) -> None:
    payment = client.made("/payments", order(metadata={"a": "b"}))

    client.control("clock", {"jump": "PT59M"})
    assert client.got(f"/payments/{payment['id']}")["status"] == "pending"
    client.control("clock", {"jump": "PT2M"})
    canceled = client.got(f"/payments/{payment['id']}")

    assert canceled["cancellation_details"] == {"party": "yoo_money", "reason": "expired_on_confirmation"}
    assert canceled["metadata"] == {"a": "b"}
    assert "payment_method" not in canceled
    assert "confirmation" not in canceled
    assert eventually(hook.events) == ["payment.canceled"]
    closed = client.web.get(f"/yookassa/pay/{payment['id']}")
    assert "Платёж отменён" in closed.text


def test_the_page_says_where_its_form_may_lead_and_runs_nothing_foreign(client: Client) -> None:
    payment = client.made("/payments", order(description='<script>"a"'))
    page = client.web.get(f"/yookassa/pay/{payment['id']}")
    policy = page.headers["content-security-policy"]

    assert "form-action 'self' http://shop.example" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>&#34;" not in page.text
    assert "&lt;script&gt;" in page.text


def test_embedded_and_mobile_confirmations(client: Client) -> None:
    embedded = client.made("/payments", order(confirmation={"type": "embedded"}))
    mobile = client.made("/payments", order(confirmation={"type": "mobile_application", "return_url": "shop://paid/7"}))

    assert embedded["confirmation"] == {"type": "embedded", "confirmation_token": f"ct-{embedded['id']}"}
    assert mobile["confirmation"]["confirmation_url"]
    assert client.pay(embedded).status_code == 200
    assert client.pay(mobile).headers["location"] == "shop://paid/7"


def test_an_unknown_payment_has_no_page(client: Client) -> None:
    assert client.web.get("/yookassa/pay/unknown").status_code == 404
    assert client.web.post("/yookassa/pay/unknown/3ds").status_code == 404


def test_what_the_payer_did_is_in_the_journal_without_the_card_number(client: Client) -> None:
    payment = client.made("/payments", order())
    client.pay(payment)

    entry = client.journal(system="page")[0]

    assert (entry["object_id"], entry["outcome"]) == (payment["id"], "succeeded")
    assert GOOD_CARD not in str(client.journal())
