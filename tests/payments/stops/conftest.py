"""A company whose customers pay by autopay, its memory of stops, and a backup to go back to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as redis_client
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.autopay.consents import Evidence
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.autopay.stopping import wait_for_calls, withdraw
from payments.charging.charging import charge
from payments.charging.sending import sender
from payments.contracts.models import Contract
from payments.installation.models import Installation
from payments.stops.memory import Memory
from portal.demo.valkey import ValkeyServer
from tests.support.business import Agreement, make_agreement, pay_with_consent
from tests.support.charging import make_due
from tests.support.going_back import Backup, a_backup
from tests.support.world import World

NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture
def backup(world: World, committed: str, tmp_path: Path) -> Iterator[Backup]:
    """The installation has a whole memory of stops, and can be gone back to."""
    with a_backup(committed, tmp_path) as found:
        yield found


@pytest.fixture
def empty_redis(redis: str) -> Callable[[], None]:
    """Makes Redis lose everything."""

    def empty() -> None:
        with redis_client.Redis.from_url(redis) as client:
            client.flushdb()

    return empty


@pytest.fixture
def redis_goes(monkeypatch: pytest.MonkeyPatch, redis: str) -> Callable[[], None]:
    """Takes Redis away."""

    def go() -> None:
        monkeypatch.setenv("KABINET_REDIS_URL", NOWHERE)
        get_settings.cache_clear()

    return go


@pytest.fixture
def redis_returns(monkeypatch: pytest.MonkeyPatch, redis: str) -> Callable[[], None]:
    """Brings it back as it was."""

    def come() -> None:
        monkeypatch.setenv("KABINET_REDIS_URL", redis)
        get_settings.cache_clear()

    return come


def subscribers(world: World, count: int) -> list[Agreement]:
    """So many new customers agree and pay."""
    with begin() as session:
        found = [make_agreement(session, draft=True, email=f"{n}@example.com") for n in range(count)]
    for it in found:
        pay_with_consent(it)
    world.play(advance="PT20M")
    return found


def charge_again(world: World, some: list[Agreement]) -> None:
    """A day later each of them is charged for the next period."""
    world.jump("P1D")
    with begin() as session:
        due = make_due(session, some)
    charge([str(it.payment_id) for it in due])
    assert sender().wait_idle(120)
    world.drain()


def autopay_of(it: Agreement) -> Autopay:
    """The autopay as it is now."""
    with read() as session:
        return session.scalars(select(Autopay).where(Autopay.contract_id == it.contract_id)).one()


def status_of(it: Agreement) -> tuple[str, str]:
    """Of the contract and of its autopay."""
    with read() as session:
        return session.get_one(Contract, it.contract_id).status, autopay_of(it).status


def method_of(it: Agreement) -> PaymentMethod:
    """The saved method that it is charged from."""
    with read() as session:
        return session.get_one(PaymentMethod, autopay_of(it).method_id)


def take_back(it: Agreement) -> None:
    """The customer withdraws the consent."""
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    wait_for_calls(it.contract_id)


def consents_of(it: Agreement) -> list[str]:
    """What was said of its autopay, given or withdrawn, the oldest first."""
    with read() as session:
        return list(
            session.scalars(select(Consent.action).where(Consent.contract_id == it.contract_id).order_by(Consent.id))
        )


def is_unrecalled() -> bool:
    """Whether stops from after a backup are still to be brought back."""
    with read() as session:
        return session.get_one(Installation, 1).is_unrecalled


def remembered() -> set[tuple[str, str]]:
    """Kinds and subjects of what Redis remembers."""
    with read() as session:
        installation_id = session.execute(select(Installation.id)).scalar_one()
    return {(it.kind, it.subject) for it in Memory(installation_id).all()}


@pytest.fixture
def own_valkey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ValkeyServer]:
    """A Redis of the test's own, which it may stop and start; the settings name it."""
    valkey = ValkeyServer(tmp_path / "valkey")
    valkey.start()
    monkeypatch.setenv("KABINET_REDIS_URL", valkey.url())
    get_settings.cache_clear()
    yield valkey
    valkey.stop()
    monkeypatch.undo()
    get_settings.cache_clear()
