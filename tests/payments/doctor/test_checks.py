"""Each check is silent over sound books and names the very row that breaks its rule."""

from __future__ import annotations

import re

import pytest

from payments.doctor.check import SHOWN, Check, ask
from portal.doctor.telling import FIGURES, WHYS, figures_text, object_name
from portal.doctor.words import PROMISES
from tests.payments.doctor.breaking import (
    CHECKS,
    CONSENT_OF_CHARGED,
    COPY_OF_CHARGED,
    INVOICE_OF_CHARGED,
    POSTING_OF_CHARGED,
    READ_LONG_AGO,
    SECOND_OF_CHARGED,
    SEEN_OF_CHARGED,
    UNCHARGED,
    UNPOSTED,
    UNREAD,
)
from tests.payments.doctor.conftest import Books

BROKEN = [
    ("one_success_per_invoice", [COPY_OF_CHARGED.format(status="succeeded", ago="0")]),
    (
        "one_live_payment_per_invoice",
        ["DROP INDEX uq_payments_one_live_per_invoice", *[COPY_OF_CHARGED.format(status="pending", ago="0")] * 2],
    ),
    (
        "charge_had_consent",
        [
            "INSERT INTO consents (customer_id, contract_id, kind, action, text_version, text, text_sha256, shown, at)"
            " SELECT customer_id, contract_id, kind, 'withdrawn', '1', '', '', '{}', at - interval '1 second' FROM consents"
            " WHERE id = " + CONSENT_OF_CHARGED
        ],
    ),
    ("charge_had_consent", ["UPDATE consents SET max_kopecks = 1 WHERE id = " + CONSENT_OF_CHARGED]),
    ("charge_had_consent", ["UPDATE consents SET max_kopecks = NULL WHERE id = " + CONSENT_OF_CHARGED]),
    ("charge_had_consent", ["UPDATE consents SET at = at + interval '1 day' WHERE id = " + CONSENT_OF_CHARGED]),
    ("charge_had_consent", ["UPDATE payments SET consent_id = NULL WHERE id = :charged"]),
    ("charge_had_linked_method", ["UPDATE payment_methods SET unlinked_at = business_now() - interval '1 minute'"]),
    ("charge_had_linked_method", ["UPDATE payment_methods SET shop_id = gen_random_uuid()"]),
    ("charge_had_linked_method", ["UPDATE payment_methods SET customer_id = gen_random_uuid()"]),
    ("charge_was_announced", ["UPDATE notices SET sent_at = business_now() - interval '71 hours'"]),
    ("charge_was_announced", ["UPDATE notices SET sent_at = NULL"]),
    ("charge_was_announced", ["UPDATE notices SET kopecks = kopecks - 1"]),
    ("charge_was_announced", ["UPDATE notices SET kopecks = kopecks + 1"]),
    ("charge_was_announced", ["UPDATE notices SET method_id = gen_random_uuid()"]),
    ("announced_charge_was_made", [*UNCHARGED, "UPDATE notices SET charge_on = charge_on - 10"]),
    ("key_was_young", ["UPDATE payments SET first_sent_at = permit_at - interval '21 hours' WHERE id = :charged"]),
    ("outcome_is_known", [COPY_OF_CHARGED.format(status="unknown", ago="27 hours")]),
    ("gateway_success_is_posted", UNPOSTED),
    ("gateway_success_is_posted", [SECOND_OF_CHARGED.format(refunded=0, payment="payment_id")]),
    ("gateway_success_is_posted", [SECOND_OF_CHARGED.format(refunded=0, payment="gen_random_uuid()")]),
    ("posting_is_confirmed", [f"DELETE FROM gateway_payments WHERE {SEEN_OF_CHARGED}"]),
    ("posting_is_confirmed", [f"UPDATE gateway_payments SET status = 'canceled' WHERE {SEEN_OF_CHARGED}"]),
    ("posting_is_confirmed", ["UPDATE payments SET gateway_id = 'gw-none' WHERE id = :charged"]),
    ("gateway_took_once", [SECOND_OF_CHARGED.format(refunded="kopecks - 1", payment="payment_id")]),
    ("gateway_agrees", [f"UPDATE gateway_payments SET kopecks = kopecks - 1 WHERE {SEEN_OF_CHARGED}"]),
    ("gateway_agrees", [f"UPDATE gateway_payments SET currency = 'USD' WHERE {SEEN_OF_CHARGED}"]),
    ("gateway_agrees", [f"UPDATE gateway_payments SET shop_id = gen_random_uuid() WHERE {SEEN_OF_CHARGED}"]),
    ("gateway_agrees", [f"UPDATE gateway_payments SET payment_id = :first WHERE {SEEN_OF_CHARGED}"]),
    ("gateway_agrees", [f"UPDATE gateway_payments SET invoice_id = gen_random_uuid() WHERE {SEEN_OF_CHARGED}"]),
    ("consents_are_unchanged", ["UPDATE consents SET text = text || '.' WHERE id = " + CONSENT_OF_CHARGED]),
    ("consents_are_unchanged", ["UPDATE consents SET max_kopecks = 1 WHERE id = " + CONSENT_OF_CHARGED]),
    ("consents_are_unchanged", ["UPDATE consents SET at = at + interval '1 s' WHERE id = " + CONSENT_OF_CHARGED]),
    ("consents_are_unchanged", ["UPDATE consents SET ip = '8.8.8.8' WHERE id = " + CONSENT_OF_CHARGED]),
    ("consents_are_unchanged", ["UPDATE consents SET ip = '8.8.8.8', salt = NULL WHERE id = " + CONSENT_OF_CHARGED]),
    ("consents_are_unchanged", ["DELETE FROM consents WHERE id = " + CONSENT_OF_CHARGED]),
    ("consents_are_unchanged", ["DELETE FROM consent_links WHERE consent_id = " + CONSENT_OF_CHARGED]),
    ("consents_are_unchanged", ["UPDATE consent_links SET before = '\\x01' WHERE consent_id = " + CONSENT_OF_CHARGED]),
    # Removed together with its link: only the next one tells.
    (
        "consents_are_unchanged",
        [
            "INSERT INTO consents (customer_id, kind, action, text_version, text, text_sha256, shown, at)"
            " SELECT customer_id, 'offer', 'given', '1', '', '', '{}', at FROM consents WHERE id = "
            + CONSENT_OF_CHARGED,
            "SELECT link_consent(c) FROM consents c ORDER BY id DESC LIMIT 1",
            "DELETE FROM consent_links WHERE consent_id = " + CONSENT_OF_CHARGED,
            "DELETE FROM consents WHERE id = " + CONSENT_OF_CHARGED,
        ],
    ),
    ("audit_is_unchanged", ["UPDATE audit_entries SET act = 'charging.resumed' WHERE subject_id = 'first'"]),
    ("audit_is_unchanged", ["DELETE FROM audit_entries WHERE subject_id = 'first'"]),
    # Removed together with its link: only the next one tells.
    (
        "audit_is_unchanged",
        [
            "DELETE FROM audit_links USING audit_entries e WHERE e.id = entry_id AND subject_id = 'first'",
            "DELETE FROM audit_entries WHERE subject_id = 'first'",
        ],
    ),
    ("ledger_balances", ["DELETE FROM ledger_entries WHERE account = 'revenue'"]),
    (
        "clearing_is_empty",
        [
            f"UPDATE ledger_entries SET account = 'clearing' WHERE account = 'receivable' AND transaction_id = {POSTING_OF_CHARGED}"
        ],
    ),
    ("success_is_posted", UNPOSTED),
    ("success_is_posted", ["UPDATE payments SET kopecks = kopecks + 1 WHERE id = :charged"]),
    ("posting_has_its_cause", ["UPDATE payments SET status = 'canceled' WHERE id = :charged"]),
    ("posting_has_its_cause", ["UPDATE invoices SET status = 'open' WHERE status = 'void'"]),
    (
        "invoice_is_posted",
        ["UPDATE ledger_transactions SET kind = 'other' WHERE source_id = " + INVOICE_OF_CHARGED],
    ),
    ("invoice_is_posted", [f"UPDATE invoices SET status = 'void' WHERE id = {INVOICE_OF_CHARGED}"]),
    ("debt_agrees", [f"UPDATE invoices SET kopecks = kopecks + 1 WHERE id = {INVOICE_OF_CHARGED}"]),
    ("advance_agrees", ["DELETE FROM allocations WHERE payment_id = :charged"]),
    ("allocations_fit", ["UPDATE allocations SET kopecks = kopecks + 1 WHERE payment_id = :charged"]),
    ("allocations_fit", ["UPDATE payments SET status = 'rejected' WHERE id = :charged"]),
    ("paid_is_covered", [f"UPDATE invoices SET status = 'open' WHERE id = {INVOICE_OF_CHARGED}"]),
    ("paid_is_covered", ["DELETE FROM allocations WHERE payment_id = :charged"]),
    ("line_agrees_with_invoice", [f"UPDATE invoices SET status = 'open' WHERE id = {INVOICE_OF_CHARGED}"]),
    ("line_agrees_with_invoice", ["UPDATE installments SET status = 'invoiced' WHERE status = 'planned'"]),
    ("no_period_is_forgotten", ["DELETE FROM installments WHERE contract_id = :contract AND status = 'planned'"]),
    ("no_period_is_forgotten", ["DELETE FROM installments WHERE contract_id = :contract"]),
    (
        "no_period_is_forgotten",
        [
            "UPDATE contracts SET advance = 'by_calendar' WHERE id = :contract",
            "UPDATE installments SET status = 'invoiced' WHERE contract_id = :contract AND status = 'planned'",
        ],
    ),
    (
        "periods_never_overlap",
        [
            "ALTER TABLE installments DROP CONSTRAINT ex_installments_periods_never_overlap",
            "UPDATE installments SET period_start = period_start - 1 WHERE contract_id = :contract AND status = 'planned'",
        ],
    ),
    ("invoice_numbers_have_no_gaps", [f"DELETE FROM invoices WHERE id = {INVOICE_OF_CHARGED}"]),
    ("invoice_numbers_have_no_gaps", ["UPDATE counters SET n = n + 1 WHERE kind = 'invoice'"]),
    ("guards_stand", ["ALTER TABLE consents DISABLE TRIGGER consents_append_only"]),
    ("guards_stand", ["DROP TRIGGER ledger_sums_to_zero ON ledger_entries"]),
    ("guards_stand", ["DROP INDEX uq_payments_one_live_per_invoice"]),
    (
        "guards_stand",
        [
            "DROP INDEX uq_payments_one_live_per_invoice",
            "CREATE INDEX uq_payments_one_live_per_invoice ON payments (invoice_id)",
        ],
    ),
    ("lists_were_read", [READ_LONG_AGO, UNREAD.format(n=1, ago="4 hours"), UNREAD.format(n=1, ago="9 minutes")]),
    (
        "letters_have_case",
        [
            "CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
            "SET LOCAL search_path = public, pg_catalog",
        ],
    ),
    (
        "nothing_waits_too_long",
        ["UPDATE outbox_messages SET created_at = business_now() - interval '1 hour', dispatched_at = NULL"],
    ),
    (
        "crm_shows_the_latest",
        [
            "INSERT INTO sync_jobs (kind, local_id, customer_id, rank, version, status, tries, looks, created_at) VALUES ('contact', :customer, :customer, 1, 1, 'parked', 0, 0, business_now() - interval '2 hours')"
        ],
    ),
]


def test_sound_books_break_no_rule(books: Books) -> None:
    found = [ask(books.session, check) for check in CHECKS.values()]

    assert [it for it in found if not it.sound] == []


@pytest.mark.parametrize(("name", "statements"), BROKEN)
def test_each_rule_tells_when_it_is_broken(books: Books, name: str, statements: list[str]) -> None:
    books.do(*statements)

    found = ask(books.session, CHECKS[name])

    assert not found.error
    assert found.count >= 1
    assert all(breach.id and breach.figures for breach in found.breaches)
    for breach in found.breaches:
        assert set(breach.figures) <= set(FIGURES), "each figure has a word"
        assert figures_text(breach.figures)
        assert object_name(breach.object) != breach.object, "each kind of row has a name"


def test_every_check_has_a_way_to_break_it() -> None:
    assert {name for name, _ in BROKEN} == set(CHECKS)


def test_every_check_has_a_promise_in_words() -> None:
    assert set(PROMISES) == set(CHECKS)


def test_every_reason_has_its_words_and_no_word_is_left_over() -> None:
    asked = " ".join(check.breaches for check in CHECKS.values())

    assert set(re.findall(r"(?:THEN|ELSE) '(\w+)'", asked)) == set(WHYS)
    assert set(FIGURES) <= set(re.findall(r"'(\w+)',", asked))


def test_the_breach_names_the_row(books: Books) -> None:
    books.do("UPDATE payment_methods SET unlinked_at = business_now() - interval '1 minute'")

    found = ask(books.session, CHECKS["charge_had_linked_method"])

    assert [(breach.object, breach.id) for breach in found.breaches] == [("payment", str(books.charged_id))]


def test_a_check_that_cannot_be_asked_is_not_taken_for_a_sound_one(books: Books) -> None:
    found = ask(books.session, Check("odd", "SELECT 'x' AS object, 1 / 0 AS id, jsonb_build_object() AS figures"))

    assert (found.error, found.sound) == ("DivisionByZero", False)
    assert ask(books.session, CHECKS["ledger_balances"]).sound


def test_no_more_than_the_first_are_shown_and_all_are_counted(books: Books) -> None:
    many = Check(
        "many", "SELECT 'x' AS object, n AS id, jsonb_build_object('n', n) AS figures FROM generate_series(1, 500) n"
    )

    found = ask(books.session, many)

    assert (found.count, len(found.breaches)) == (500, SHOWN)
