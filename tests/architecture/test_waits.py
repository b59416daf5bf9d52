"""Nothing that waits may be forgotten: the played clock stops only at instants of `portal.wiring.Wiring`.

So each instant of the schema has one class. A row waits for it, and the column belongs to a registered wait; or it says
when something happened by business time (`LOG`); or it runs on the machine's own time and no played clock may move it
(`REAL`): leases, sessions, links, throttles, heartbeats. A new column is put into one of them on purpose.
"""

from __future__ import annotations

import pytest
from sqlalchemy import Column, DateTime

from crm_sync.part import CRM
from kernel.db import Base
from migrations.tables import all_tables
from portal.wiring import Wiring

LOG = {
    "allocations": {"created_at"},
    "autopays": {"created_at", "changed_at", "held_at", "unconfirmed_since"},
    "contracts": {"created_at", "ended_at"},
    "crm_connection": {"since_at", "reached_at"},
    "crm_links": {"created_at", "written_at"},
    "customer_notes": {"created_at", "changed_at"},
    "customers": {"created_at"},
    "deliveries": {"done_at", "dead_at"},
    "differences": {"happened_at", "found_at", "resolved_at"},
    "gateway_exchanges": {"at"},
    "gateway_payments": {"created_at", "captured_at", "read_at"},
    "gateway_refunds": {"created_at", "read_at"},
    "consents": {"at"},
    "inbound_webhooks": {"created_at", "processed_at"},
    "installation": {
        "created_at",
        "seeded_at",
        "charger_ran_at",
        "charger_alarm_at",
        "unproven_since",
        "recalled_at",
        "recalled_until",
        "unconfirmed_before",
    },
    "installments": {"created_at"},
    "invoices": {"created_at", "paid_at", "voided_at"},
    "ledger_transactions": {"at"},
    "legal_entities": {"created_at"},
    "messages": {"sent_at"},
    "notices": {"created_at", "sent_at"},
    "outbox_messages": {"dispatched_at"},
    "pay_links": {"created_at", "revoked_at"},
    "payment_methods": {"created_at", "unlinked_at"},
    "payment_plans": {"created_at"},
    # next_attempt_at is what people are told; what waits for the same instant is installments.charge_at.
    "payments": {"first_sent_at", "decided_at", "next_attempt_at"},
    "prices": {"created_at"},
    "products": {"created_at"},
    "reconciliations": {"since_at", "until_at", "finished_at"},
    "shops": {"created_at"},
    "status_history": {"at"},
    "sync_jobs": {"created_at"},
    "timeline_entries": {"created_at"},
    "webhook_refusals": {"last_at"},
}
REAL = {
    "crm_connection": {"hinted_until"},
    "audit_entries": {"at"},
    "authenticators": {"created_at"},
    "backup_codes": {"created_at", "used_at"},
    "check_results": {"examined_at", "broken_since"},
    "deliveries": {"hinted_at"},
    "duty_runs": {"ran_at", "broke_at"},
    "exports": {"lease_until"},
    "inbound_webhooks": {"hinted_until"},
    "installation": {"scheduler_beat_at", "relay_beat_at"},
    "memberships": {"created_at"},
    "messages": {"lease_until"},
    "one_time_tokens": {"created_at", "expires_at", "used_at"},
    "payments": {"lease_until"},
    "reconciliations": {"lease_until", "begun_at"},
    "sync_jobs": {"lease_until"},
    "user_sessions": {"created_at", "last_seen_at", "expires_at", "ended_at", "second_factor_at"},
    "worker_beats": {"started_at", "beat_at"},
    "users": {"created_at", "email_confirmed_at", "disabled_at"},
}


def names(classified: dict[str, set[str]]) -> set[str]:
    return {f"{table}.{column}" for table, columns in classified.items() for column in columns}


@pytest.fixture(scope="module")
def instants() -> dict[str, Column[object]]:
    """Every column that holds an instant, by its name."""
    all_tables()
    columns = [column for table in Base.metadata.tables.values() for column in table.columns]
    return {str(column): column for column in columns if isinstance(column.type, DateTime)}


@pytest.fixture(scope="module")
def waited_for() -> set[str]:
    """The columns of the registered waits."""
    return {str(wait.at.property.columns[0]) for wait in Wiring(CRM).waits}


def test_every_instant_waits_or_is_known_not_to(instants: dict[str, Column[object]], waited_for: set[str]) -> None:
    unclassified = set(instants) - waited_for - names(LOG) - names(REAL)

    assert unclassified == set(), "register a kernel.clock.Wait in portal/wiring.py, or say LOG or REAL here"


def test_no_instant_has_two_classes(waited_for: set[str]) -> None:
    assert waited_for & names(LOG) == set()
    assert waited_for & names(REAL) == set()
    assert names(LOG) & names(REAL) == set()


def test_the_lists_name_columns_that_there_are(instants: dict[str, Column[object]], waited_for: set[str]) -> None:
    assert names(LOG) | names(REAL) | waited_for <= set(instants)


def test_defaults_take_the_clock_of_the_class(instants: dict[str, Column[object]]) -> None:
    defaults = {
        name: str(getattr(column.server_default, "arg", ""))
        for name, column in instants.items()
        if column.server_default
    }
    real = {name for name, default in defaults.items() if "clock_timestamp" in default}

    assert real == names(REAL) & set(defaults)
    assert [name for name in set(defaults) - real if "business_now" not in defaults[name]] == []
