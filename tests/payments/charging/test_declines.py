"""What follows from each reason of refusal is one table, and it never retries what must not be retried."""

from __future__ import annotations

from datetime import timedelta

import pytest
from yookassa.domain.models.cancellation_details import CancellationDetailsReasonCode

from payments.charging.declines import RULES, retry_pause, rule_for


def test_every_reason_of_the_official_sdk_has_a_rule() -> None:
    known = {value for name, value in vars(CancellationDetailsReasonCode).items() if name.isupper()}
    assert known - {"unknown"} <= set(RULES)


@pytest.mark.parametrize(
    "reason",
    ["permission_revoked", "card_expired", "payment_method_restricted", "invalid_card_number", "fraud_suspected"],
)
def test_a_hard_refusal_disables_the_method_and_is_never_retried(reason: str) -> None:
    assert rule_for(reason).disables
    assert retry_pause(reason, 1) is None


def test_lack_of_money_is_tried_three_times_more() -> None:
    pauses = [retry_pause("insufficient_funds", attempt) for attempt in (1, 2, 3, 4)]
    assert pauses == [timedelta(days=1), timedelta(days=3), timedelta(days=7), None]


def test_a_reason_that_nobody_knows_is_treated_as_a_vague_refusal() -> None:
    assert rule_for("invented_tomorrow") == rule_for("general_decline")
    assert rule_for(None) == rule_for("general_decline")
