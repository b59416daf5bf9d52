"""What has to be readable in a payment, and what becomes of the rest."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from payments.gateway.parsing import parse_payment
from payments.gateway.port import GatewayMethod, OutcomeUnknown
from tests.support.raw_payments import raw_payment

OURS = uuid4()


def test_a_whole_object_is_read_whole() -> None:
    item = parse_payment(raw_payment(OURS, confirmation={"confirmation_url": "https://pay.example/1"}))

    assert (item.gateway_id, item.status, item.kopecks, item.currency) == (f"gw-{OURS}", "succeeded", 10_000, "RUB")
    assert (item.account_id, item.test, item.payment_id, item.income_kopecks) == ("100500", True, OURS, 9_650)
    assert item.confirmation_url == "https://pay.example/1"
    assert item.method == GatewayMethod("pm-4444", "bank_card", True, "Bank card *4444", "4444", "MasterCard", 2030, 12)


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"id": ""},
        {"id": 7},
        {"status": None},
        {"status": "on_its_way"},
        {"amount": None},
        {"amount": {"value": "100.005", "currency": "RUB"}},
        {"amount": {"value": "100.00"}},
        {"recipient": None},
        {"recipient": {}},
        {"test": None},
    ],
    ids=str,
)
def test_a_missing_essential_is_an_unknown_outcome(broken: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        parse_payment(raw_payment(OURS, **broken))


@pytest.mark.parametrize(
    ("description", "numbers"),
    [
        ("Счёт № 2026-0031", ("invoice 2026-0031",)),
        ("Оплата по счету 2026-0031, договор №2026-0012/1", ("invoice 2026-0031", "contract 2026-0012/1")),
        ("Счёт на оплату № 2026-0031", ("invoice 2026-0031",)),
        ("По договору: 2026-0031", ("contract 2026-0031",)),
        ("2026-0031 или 2026-0032, 2026-0031", ("2026-0031", "2026-0032")),
        ("Счёт-фактура 2026-0031", ("2026-0031",)),
        ("Заказ А-2026-0031, 12026-00311 и 2026-00-31", ()),
    ],
)
def test_numbers_of_documents_in_a_description_keep_the_word_before_them(
    description: str, numbers: tuple[str, ...]
) -> None:
    assert parse_payment(raw_payment(OURS, description=description)).numbers == numbers


@pytest.mark.parametrize(("year", "read"), [("2030", 2030), (2030, 2030), ("99999", None), ("30", None), (None, None)])
def test_a_year_that_no_card_has_is_not_taken_for_one(year: object, read: int | None) -> None:
    method = {"type": "bank_card", "id": "pm-1", "card": {"expiry_year": year, "expiry_month": "12"}}

    item = parse_payment(raw_payment(OURS, payment_method=method))

    assert item.method is not None
    assert item.method.expiry_year == read
