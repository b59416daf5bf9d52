"""The gateway's list is read once for all who wait for it, and by one thread while the others go on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
import respx
from sqlalchemy import select, update

from kernel.clock import business_now
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.charging.charging import charge
from payments.charging.checking import check
from payments.charging.models import Payment
from payments.charging.sending import sender
from payments.gateway import transport, yookassa
from tests.sandbox.gateway import eventually
from tests.support.business import make_agreement, pay_with_consent
from tests.support.charging import ask_now, make_due
from tests.support.faults import faulty
from tests.support.web import WEB
from tests.support.world import World

MONTH = timedelta(days=30)


def _sent_into_the_dark(world: World, *faults: str) -> list[UUID]:
    """A charge for each of these faults, sent long ago; nobody knows what became of them, and their looks are due."""
    agreements = []
    for number in range(len(faults)):
        with begin() as session:
            agreements.append(make_agreement(session, email=f"c{number}@example.com", draft=True))
        pay_with_consent(agreements[-1])
    world.play(advance="PT20M")
    world.jump("P1D")
    with begin() as session:
        due = {item.contract_id: item.payment_id for item in make_due(session, agreements)}
    ids = [due[it.contract_id] for it in agreements]
    for payment_id, kind in zip(ids, faults, strict=True):
        world.fail(system="yookassa", match={"method": "POST"}, kind=kind, times=1)
        charge([str(payment_id)])
        assert sender().wait_idle(30)
    world.jump("PT21H")
    for payment_id in ids:
        ask_now(payment_id)
    return ids


def _statuses(ids: Sequence[UUID]) -> list[str]:
    with read() as session:
        rows = session.execute(select(Payment.id, Payment.status).where(Payment.id.in_(ids)))
        found = {row.id: row.status for row in rows}
    return [found[payment_id] for payment_id in ids]


def _lists(world: World) -> list[dict[str, Any]]:
    return [call for call in world.journal(system="yookassa") if call["path"].startswith("/payments?")]


def _check(ids: Sequence[UUID]) -> None:
    check([str(payment_id) for payment_id in ids])


def test_one_reading_tells_what_became_of_each(world: World) -> None:
    ids = _sent_into_the_dark(world, "drop_after", "drop_before", "drop_after")
    _check(ids)
    assert _statuses(ids) == ["succeeded", "unknown", "succeeded"]
    assert len(_lists(world)) == 1


def test_who_comes_while_it_is_read_leaves_what_it_has_with_the_reader(world: World) -> None:
    first, second = _sent_into_the_dark(world, "drop_after", "drop_after")
    world.fail(system="yookassa", match={"method": "GET"}, kind="slow", seconds=4, times=1)
    with ThreadPoolExecutor(1) as other:
        reading = other.submit(_check, [first])
        eventually(lambda: _lists(world))
        _check([second])
        assert not reading.done()
        assert _statuses([first, second]) == ["unknown", "unknown"]
        reading.result(30)
    assert _statuses([first, second]) == ["succeeded", "succeeded"]
    assert len(_lists(world)) == 2


def test_what_the_reader_has_answered_meanwhile_is_not_read_for_again(world: World) -> None:
    ids = _sent_into_the_dark(world, "drop_after")
    world.fail(system="yookassa", match={"method": "GET"}, kind="slow", seconds=4, times=1)
    with ThreadPoolExecutor(1) as other:
        reading = other.submit(_check, ids)
        eventually(lambda: _lists(world))
        _check(ids)  # the hint was given again: a reading may take longer than a hint is trusted
        assert not reading.done()
        reading.result(30)
    assert _statuses(ids) == ["succeeded"]
    assert len(_lists(world)) == 1


def test_the_pause_after_a_long_reading_counts_from_its_end(world: World) -> None:
    ids = _sent_into_the_dark(world, "drop_before")
    world.fail(system="yookassa", match={"method": "GET"}, kind="slow", seconds=3, times=1)
    with read() as session:
        began = business_now(session)
    _check(ids)
    with read() as session:
        next_at = session.scalars(select(Payment.next_check_at).where(Payment.id == ids[0])).one()
    assert next_at is not None
    assert next_at >= began + timedelta(minutes=1, seconds=3)


def test_what_got_an_id_meanwhile_is_not_given_up_for_its_absence(world: World) -> None:
    (payment_id,) = _sent_into_the_dark(world, "drop_before")
    world.jump("P2D")
    ask_now(payment_id)
    world.fail(system="yookassa", match={"method": "GET"}, kind="slow", seconds=4, times=1)
    with ThreadPoolExecutor(1) as other:
        reading = other.submit(_check, [payment_id])
        eventually(lambda: _lists(world))
        with begin() as session:
            session.execute(update(Payment).where(Payment.id == payment_id).values(gateway_id="named-meanwhile"))
        reading.result(30)
    assert _statuses([payment_id]) == ["unknown"]


def test_the_month_between_two_sends_is_not_read(world: World) -> None:
    old, new = _sent_into_the_dark(world, "drop_before", "drop_after")
    with begin() as session:
        long_ago = {"first_sent_at": Payment.first_sent_at - MONTH, "permit_at": Payment.permit_at - MONTH}
        session.execute(update(Payment).where(Payment.id == old).values(long_ago))
    _check([new, old])
    assert _statuses([old, new]) == ["rejected", "succeeded"]
    asked = [parse_qs(call["path"].partition("?")[2]) for call in _lists(world)]
    spans = [(_instant(query, "created_at.gte"), _instant(query, "created_at.lt")) for query in asked]
    assert [until - since for since, until in spans] == [timedelta(days=2), timedelta(days=2)]
    assert spans[1][0] - spans[0][1] > timedelta(days=25)


def _instant(query: dict[str, list[str]], name: str) -> datetime:
    return datetime.fromisoformat(query[name][0])


def test_what_was_found_before_the_list_broke_off_counts_and_proves_nothing_about_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yookassa, "_PAUSES_S", ())
    ids = _sent_into_the_dark(world, "drop_before", "drop_after")
    world.jump("P2D")
    for payment_id in ids:
        ask_now(payment_id)
    shop = (get_settings().yookassa_shop_id, get_settings().yookassa_secret_key)
    whole = WEB.get(f"{world.sandbox.api_url}/payments", auth=shop).json()
    broken = [respx.MockResponse(200, json=whole | {"next_cursor": "2"}), respx.MockResponse(502, text="<html>")]
    transport.close()
    with respx.mock(base_url=world.sandbox.api_url) as gateway:
        gateway.get("/payments").mock(side_effect=broken)
        _check(ids)
    assert _statuses(ids) == ["unknown", "succeeded"]


def test_one_that_cannot_be_written_down_does_not_take_the_others_with_it(world: World) -> None:
    ids = _sent_into_the_dark(world, "drop_after", "drop_after")
    with faulty("record.after_apply=raise"):
        _check(ids)
    assert sorted(_statuses(ids)) == ["succeeded", "unknown"]


def test_an_object_that_breaks_the_reading_itself_is_no_absence_and_has_its_pause(world: World) -> None:
    ids = _sent_into_the_dark(world, "drop_before")
    world.jump("P2D")
    ask_now(ids[0])
    transport.close()
    with respx.mock(base_url=world.sandbox.api_url) as gateway:
        gateway.get("/payments").respond(200, text='{"items": ' + "[" * 200_000 + "]" * 200_000 + "}")
        _check(ids)
    with read() as session:
        payment = session.get_one(Payment, ids[0])
        assert payment.status == "unknown"
        assert payment.next_check_at is not None
        assert payment.next_check_at > business_now(session)
