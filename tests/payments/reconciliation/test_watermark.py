"""The watermark moves only when a whole window was read and kept; what could not be read changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from kernel.db import begin, read
from kernel.settings import get_settings
from payments.installation.models import Installation, Shop
from payments.reconciliation.models import Reconciliation, SeenPayment
from payments.reconciliation.running import Unread, reconcile, watermark
from tests.payments.reconciliation.conftest import differences, pay
from tests.support.gateway_cabinet import pay_past_us, refund_in_the_cabinet
from tests.support.world import World

_HASTE = (0.0, 0.0)


def _mark() -> datetime | None:
    with read() as session:
        return watermark(session, session.scalars(select(Shop.id)).one())


def _last() -> Reconciliation:
    with read() as session:
        return session.scalars(select(Reconciliation).order_by(Reconciliation.id.desc()).limit(1)).one()


def _seen() -> int:
    with read() as session:
        return len(session.scalars(select(SeenPayment.gateway_id)).all())


def _lists(world: World, what: str = "payments") -> list[str]:
    return [it["path"] for it in world.journal(system="yookassa") if it["path"].startswith(f"/{what}?")]


def test_the_first_reading_begins_where_the_company_began_and_the_next_at_the_watermark(world: World) -> None:
    pay()
    assert _mark() is None
    world.jump("P40D")
    reconcile(deep=False)
    first = _last()
    assert (first.payments, first.status) == (1, "done")
    assert first.until_at - first.since_at > timedelta(days=40)
    assert _mark() == first.until_at

    world.jump("P10D")
    reconcile(deep=False)
    assert _last().since_at == first.until_at

    reconcile(deep=False)
    assert _last().until_at - _last().since_at == timedelta(hours=48)
    reconcile(deep=True)
    assert _last().until_at - _last().since_at == timedelta(days=35)


def test_what_the_shop_took_without_us_before_the_installation_is_no_difference_even_when_it_is_given_back(
    world: World,
) -> None:
    former = pay_past_us(world.sandbox, "3000.00")
    lost = pay_past_us(world.sandbox, "3000.00", metadata={"payment_id": str(uuid4()), "invoice_id": str(uuid4())})
    world.jump("P5D")
    with begin() as session:
        session.execute(update(Installation).values(created_at=func.business_now()))
    pay()
    since = pay_past_us(world.sandbox, "3000.00")
    refund_in_the_cabinet(world.sandbox, former["id"], "3000.00")
    world.jump("PT30M")

    reconcile()

    assert {(it.kind, it.gateway_id) for it in differences()} == {
        ("missing_here", lost["id"]),  # of an installation of ours that was lost
        ("foreign", since["id"]),
    }


def test_the_first_reading_of_a_business_day_is_deep(world: World) -> None:
    pay()
    reconcile()
    reconcile()
    world.jump("P1D")
    reconcile()
    with read() as session:
        deep = session.scalars(select(Reconciliation.deep).order_by(Reconciliation.id)).all()
    assert list(deep) == [True, False, True]


def test_all_pages_are_read_a_hundred_rows_each(world: World) -> None:
    pay()
    for _ in range(104):
        pay_past_us(world.sandbox, "10.00", card=None)
    reconcile()
    assert (_last().payments, _seen()) == (105, 105)
    assert len(_lists(world)) == 2
    assert len(_lists(world, "refunds")) == 1
    assert all("limit=100" in path for path in _lists(world))


def test_a_list_that_breaks_off_on_its_second_page_changes_nothing(world: World) -> None:
    pay()
    reconcile()
    mark = _mark()
    for _ in range(101):
        pay_past_us(world.sandbox, "10.00", card=None)
    world.jump("PT1H")
    whole = {"system": "yookassa", "match": {"method": "GET", "path": "/payments"}}
    for kind in ("error_500_before", "drop_before", "cut_json", "html_502", "unknown_status"):
        world.fail(**whole, kind="unknown_fields", times=1)
        world.fail(**whole, kind=kind)
        with pytest.raises(Unread):
            reconcile(pauses_s=_HASTE)
        assert (_mark(), _seen(), _last().status) == (mark, 1, "failed"), kind
        world.mend()
    reconcile()
    assert _seen() == 102


def test_too_often_is_waited_out_with_few_requests(world: World) -> None:
    pay()
    before = len(_lists(world))
    world.fail(system="yookassa", match={"method": "GET", "path": "/payments"}, kind="too_many_requests", times=2)
    reconcile(pauses_s=(0.1, 0.1, 0.1))
    assert _last().status == "done"
    assert len(_lists(world)) - before == 3


def test_a_gateway_that_is_down_is_named_and_refused_keys_are_asked_about_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay()
    monkeypatch.setenv("KABINET_YOOKASSA_SECRET_KEY", "test_wrong")
    get_settings.cache_clear()
    before = len(_lists(world))
    with pytest.raises(Unread, match="401"):
        reconcile(pauses_s=_HASTE)
    assert len(_lists(world)) - before == 1
    assert (_last().error or "").startswith("credentials_refused")
    monkeypatch.setenv("KABINET_YOOKASSA_API_URL", "http://127.0.0.1:9/yookassa/v3")
    get_settings.cache_clear()
    with pytest.raises(Unread, match="не прочитан"):
        reconcile(pauses_s=_HASTE)
    assert _mark() is None


def test_what_the_gateway_lists_no_more_is_forgotten(world: World) -> None:
    pay()
    reconcile()
    with begin() as session:
        ghost = session.scalars(select(SeenPayment)).one()
        values = {column.name: getattr(ghost, column.name) for column in SeenPayment.__table__.columns}
        session.add(SeenPayment(**values | {"gateway_id": "ghost", "payment_id": None}))
    reconcile()
    assert _seen() == 1
