"""The doctor on its rounds: the last answers are kept, and staff hear once of each check that has just been broken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from crm_sync.part import CRM
from kernel.clock import business_now
from kernel.db import Session, begin, read
from kernel.outbox import HINT_TOPIC, OutboxMessage, read_hint
from kernel.relay import relay_once
from kernel.settings import get_settings
from payments.doctor.check import Breach, Examined
from payments.installation.models import Installation
from payments.installation.setup import ensure_installation
from portal.accounts.models import User
from portal.doctor.duty import EXAMINE, TO_EXAMINE, hint_examination
from portal.doctor.examining import keep
from portal.doctor.models import CheckResult
from portal.notifications.models import Message
from portal.wiring import Wiring
from tests.support.business import open_company
from tests.support.standing import make_standing

EIGHT = datetime(2027, 3, 1, 8, tzinfo=UTC)
NINE, TEN, ELEVEN = (EIGHT + timedelta(hours=hours) for hours in (1, 2, 3))
SOUND = Examined("ledger_balances", 0, (), 3)
BROKEN = Examined("ledger_balances", 7, (Breach("ledger_transaction", "tx-1", {"sum_kopecks": 12_345}),), 3)
UNASKED = Examined("ledger_balances", 0, (), 120_000, error="QueryCanceled")
OTHER = Examined("debt_agrees", 0, (), 5)


def employ(session: Session, email: str, role: str | None, *, out: bool = False, invited: bool = False) -> None:
    user = User(email=email, name="Ирина Мельник", password_hash="-", staff_role=role)
    user.email_confirmed_at = None if invited else EIGHT
    user.disabled_at = EIGHT if out else None
    session.add(user)
    session.flush()


@pytest.fixture
def office(session: Session) -> Session:
    """A company with one employee who hears of troubles."""
    open_company(session)
    employ(session, "owner@example.com", "owner")
    return session


def letters(session: Session) -> Sequence[Message]:
    return session.scalars(select(Message).where(Message.kind == "check_broken").order_by(Message.created_at)).all()


def results(session: Session) -> dict[str, CheckResult]:
    session.expire_all()
    return {row.name: row for row in session.scalars(select(CheckResult))}


def test_sound_books_are_kept_as_such_and_disturb_nobody(office: Session) -> None:
    assert keep(office, [SOUND, OTHER], EIGHT) == []

    kept = results(office)
    assert set(kept) == {"ledger_balances", "debt_agrees"}
    assert {row.broken_since for row in kept.values()} == {None}
    assert {row.examined_at for row in kept.values()} == {EIGHT}
    assert letters(office) == []


def test_the_letter_names_the_promise_the_row_and_the_page(office: Session) -> None:
    keep(office, [BROKEN, OTHER], EIGHT)

    (letter,) = letters(office)
    assert letter.recipient == "owner@example.com"
    for copy in (letter.text_body, letter.html_body):
        assert "Каждая проводка сходится в ноль" in copy
        assert "Нарушений: 7" in copy
        assert "Проводка tx-1: сумма 123,45 ₽" in copy.replace("&nbsp;", " ").replace("\u00a0", " ")
        assert "http://localhost:8000/staff/proof" in copy
        assert "Долг по договору" not in copy


def test_staff_hear_once_while_a_check_stays_broken_and_again_when_it_breaks_anew(office: Session) -> None:
    assert keep(office, [SOUND], EIGHT) == []
    assert keep(office, [BROKEN], NINE) == [BROKEN]
    assert keep(office, [BROKEN], TEN) == []
    assert results(office)["ledger_balances"].broken_since == NINE
    assert len(letters(office)) == 1

    assert keep(office, [SOUND], ELEVEN) == []
    assert results(office)["ledger_balances"].broken_since is None
    assert keep(office, [BROKEN], ELEVEN + timedelta(hours=1)) == [BROKEN]
    assert len(letters(office)) == 2


def test_another_check_that_breaks_later_is_told_without_the_first(office: Session) -> None:
    keep(office, [BROKEN, OTHER], EIGHT)
    (first,) = letters(office)
    now_too = Examined("debt_agrees", 1, (Breach("contract", "c-1", {"short_kopecks": 100}),), 5)

    assert keep(office, [BROKEN, now_too], NINE) == [now_too]

    (second,) = [letter for letter in letters(office) if letter.id != first.id]
    assert "Долг по договору" in second.text_body
    assert "Каждая проводка" not in second.text_body


def test_a_check_that_could_not_be_asked_is_told_as_such(office: Session) -> None:
    assert keep(office, [UNASKED], EIGHT) == [UNASKED]

    assert "Не проверено: QueryCanceled" in letters(office)[0].text_body
    assert results(office)["ledger_balances"].broken_since == EIGHT


def test_an_answer_that_comes_in_late_does_not_take_the_place_of_a_newer_one(office: Session) -> None:
    keep(office, [SOUND], NINE)

    assert keep(office, [BROKEN], EIGHT) == []

    assert results(office)["ledger_balances"].count == 0
    assert letters(office) == []


def test_a_check_that_no_longer_exists_is_forgotten(office: Session) -> None:
    keep(office, [BROKEN, OTHER], EIGHT)
    keep(office, [OTHER], NINE)

    assert set(results(office)) == {"debt_agrees"}


def test_whoever_only_looks_has_not_come_in_or_is_shut_out_gets_no_letter(office: Session) -> None:
    for role in ("manager", "accountant", "viewer", None):
        employ(office, f"{role}@example.com", role)
    employ(office, "gone@example.com", "owner", out=True)
    employ(office, "invited@example.com", "owner", invited=True)

    keep(office, [BROKEN], EIGHT)

    told = {letter.recipient for letter in letters(office)}
    assert told == {"owner@example.com", "manager@example.com", "accountant@example.com"}


def hints() -> int:
    with read() as session:
        found = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == HINT_TOPIC)).all()
        return sum(read_hint(message).job == EXAMINE for message in found)


def relay() -> None:
    """What lies in the outbox goes to the jobs, as through Redis."""
    wiring = Wiring(CRM)
    while relay_once(wiring.handlers, lambda job, ids: wiring.jobs.by_name[job].run([str(it) for it in ids])):
        pass


@pytest.mark.committed
def test_it_comes_at_once_and_then_every_hour_however_far_time_is_played(committed: str) -> None:
    with begin() as session:
        ensure_installation(session, get_settings())
    assert hint_examination(lambda *_: None) == 1
    assert hint_examination(lambda *_: None) == 0, "an hour has not passed"
    assert hints() == 1

    relay()
    with begin() as session:
        assert len(results(session)) == len(Wiring(CRM).checks), "the hint has come to the job"
        session.execute(update(Installation).values(examine_at=business_now(session) - timedelta(days=30)))
    assert hint_examination(lambda *_: None) == 0, "it was here a moment ago, whatever the calendar says"

    with begin() as session:
        session.execute(text("UPDATE check_results SET examined_at = examined_at - interval '1 hour'"))
    assert hint_examination(lambda *_: None) == 1
    assert TO_EXAMINE.chore


@pytest.mark.committed
def test_the_job_asks_every_check_of_every_part_and_names_what_is_broken(committed: str) -> None:
    wiring = Wiring(CRM)
    with begin() as session:
        make_standing(session)
        employ(session, "owner@example.com", "owner")
    wiring.jobs.by_name[EXAMINE].run([])
    with read() as session:
        assert set(session.scalars(select(CheckResult.name))) == {check.name for check in wiring.checks}
        assert session.scalars(select(CheckResult.name).where(CheckResult.broken_since.is_not(None))).all() == []

    with begin() as session:
        session.execute(text("UPDATE invoices SET kopecks = kopecks + 1 WHERE status = 'open'"))
    wiring.jobs.by_name[EXAMINE].run([])

    with read() as session:
        broken = set(session.scalars(select(CheckResult.name).where(CheckResult.broken_since.is_not(None))))
        told = session.execute(select(func.count()).where(Message.kind == "check_broken")).scalar_one()
    assert "debt_agrees" in broken
    assert told == 1
