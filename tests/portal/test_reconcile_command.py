from __future__ import annotations

import json

from typer.testing import CliRunner, Result

from portal.cli import app
from tests.payments.reconciliation.conftest import Paid, pay
from tests.support.gateway_cabinet import pay_past_us, refund_in_the_cabinet
from tests.support.world import World


def _reconcile(*options: str) -> Result:
    return CliRunner().invoke(app, ["reconcile", *options])


def _refunded(world: World) -> Paid:
    paid = pay()
    refund_in_the_cabinet(world.sandbox, paid.gateway_id, "100.00")
    world.jump("PT30M")
    return paid


def test_what_agrees_is_said_with_the_times_of_the_business(world: World) -> None:
    pay()
    world.jump("PT30M")

    found = _reconcile()

    assert found.exit_code == 0, found.output
    assert "Читаем списки ЮKassa…" in found.stderr
    assert "Всё сходится" in found.stdout
    assert "(UTC+3): платежей 1, возвратов 0" in " ".join(found.stdout.split())


def test_what_differs_is_told_in_the_words_of_the_staff_page(world: World) -> None:
    _refunded(world)

    found = _reconcile()

    assert found.exit_code == 1
    assert "Возврат сделан в ЮKassa" in found.stdout
    assert "succeeded" not in found.stdout
    assert "http://localhost:8000/staff/proof" in found.stdout


def test_as_json_it_says_nothing_else(world: World) -> None:
    _refunded(world)
    pay_past_us(world.sandbox, "777.00", description="Заказ с сайта")
    world.jump("PT30M")

    found = _reconcile("--json")

    assert found.exit_code == 1
    assert sorted(row["kind"] for row in json.loads(found.stdout)["differences"]) == ["foreign", "refund"]
