"""What is not covered, under way, another's or seen to raises no alarm."""

from __future__ import annotations

import pytest

from payments.doctor.check import ask
from tests.payments.doctor.breaking import (
    CHECKS,
    CONSENT_OF_CHARGED,
    ERASED,
    READ_LONG_AGO,
    SECOND_OF_CHARGED,
    SEEN_OF_CHARGED,
    UNCHARGED,
    UNPOSTED,
    UNREAD,
)
from tests.payments.doctor.conftest import Books

NO_BREACH = [
    ("lists_were_read", [READ_LONG_AGO]),
    ("lists_were_read", [READ_LONG_AGO, UNREAD.format(n=1, ago="4 hours")]),
    ("lists_were_read", [READ_LONG_AGO, UNREAD.format(n=2, ago="4 hours")]),
    ("lists_were_read", [READ_LONG_AGO, UNREAD.format(n=3, ago="2 hours")]),
    ("lists_were_read", [UNREAD.format(n=3, ago="4 hours")]),
    ("announced_charge_was_made", UNCHARGED),
    (
        "announced_charge_was_made",
        [*UNCHARGED, "UPDATE notices SET charge_on = charge_on - 10", "UPDATE autopays SET status = 'paused'"],
    ),
    (
        "charge_was_announced",
        ["UPDATE payments SET kopecks = kopecks - 1 WHERE id = :charged"],
    ),
    ("consents_are_unchanged", [f"UPDATE consents SET {ERASED} WHERE id = {CONSENT_OF_CHARGED}"]),
    (
        "gateway_success_is_posted",
        [*UNPOSTED, "UPDATE gateway_payments SET read_at = captured_at + interval '14 minutes'"],
    ),
    (
        "gateway_success_is_posted",
        [*UNPOSTED, "UPDATE payments SET status = 'unknown', decided_at = NULL WHERE id = :charged"],
    ),
    (
        "gateway_success_is_posted",
        [
            *UNPOSTED,
            "UPDATE payments SET status = 'unknown', gateway_id = NULL, decided_at = NULL WHERE id = :charged",
        ],
    ),
    # Made in the gateway's cabinet, or by another system of the shop.
    ("gateway_success_is_posted", ["UPDATE gateway_payments SET gateway_id = 'gw-' || gateway_id, invoice_id = NULL"]),
    ("posting_is_confirmed", ["DELETE FROM gateway_payments", "UPDATE reconciliations SET status = 'failed'"]),
    ("posting_is_confirmed", ["DELETE FROM gateway_payments", "UPDATE reconciliations SET until_at = business_now()"]),
    (
        "posting_is_confirmed",
        [
            "DELETE FROM gateway_payments",
            "UPDATE reconciliations SET since_at = business_now() - interval '59 minutes'",
        ],
    ),
    ("gateway_took_once", [SECOND_OF_CHARGED.format(refunded="kopecks", payment="payment_id")]),
    (
        "gateway_agrees",
        [
            f"UPDATE gateway_payments SET status = 'pending', kopecks = kopecks - 1 WHERE {SEEN_OF_CHARGED}",
        ],
    ),
    (
        "gateway_agrees",
        [
            "UPDATE payments SET body = '' WHERE id = :charged",
            f"UPDATE gateway_payments SET payment_id = :first WHERE {SEEN_OF_CHARGED}",
        ],
    ),
]


@pytest.mark.parametrize(("name", "statements"), NO_BREACH)
def test_what_is_not_covered_or_under_way_or_anothers_raises_no_alarm(
    books: Books, name: str, statements: list[str]
) -> None:
    books.do(*statements)

    found = ask(books.session, CHECKS[name])

    assert (found.error, found.breaches) == ("", ())


SEEN_TO = [
    ("gateway_success_is_posted", "missing_here", UNPOSTED),
    ("posting_is_confirmed", "other_status", ["UPDATE gateway_payments SET status = 'canceled'"]),
    ("gateway_took_once", "second_success", [SECOND_OF_CHARGED.format(refunded=0, payment="payment_id")]),
    ("gateway_agrees", "other_sum", ["UPDATE gateway_payments SET kopecks = kopecks - 1"]),
]


@pytest.mark.parametrize(("name", "kind", "statements"), SEEN_TO)
def test_what_a_person_has_seen_to_is_no_breach_any_more(
    books: Books, name: str, kind: str, statements: list[str]
) -> None:
    books.do(*statements)
    assert ask(books.session, CHECKS[name]).count
    seen = f"""
        INSERT INTO differences (id, shop_id, kind, gateway_id, happened_at, resolved_at, resolution, invoice_id,
            their_status, their_kopecks)
        SELECT gen_random_uuid(), shop_id, '{kind}', gateway_id, business_now(), business_now(), '{{resolution}}', invoice_id,
            status, CASE '{kind}' WHEN 'second_success' THEN sum(kopecks) OVER (PARTITION BY invoice_id) ELSE kopecks END
        FROM gateway_payments
    """

    books.do(seen.format(resolution="vanished"))
    assert ask(books.session, CHECKS[name]).count
    books.do(seen.format(resolution="seen_to"))
    assert ask(books.session, CHECKS[name]).count == 0
    if kind == "second_success":
        books.do("UPDATE gateway_payments SET kopecks = kopecks + 1 WHERE gateway_id = 'gw-second'")
        assert ask(books.session, CHECKS[name]).count, "more has come since"
