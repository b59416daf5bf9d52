from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.clock.playing import Patience, Player
from sandbox.world import open_world
from tests.sandbox.conftest import Hook
from tests.sandbox.gateway import Client, Json, eventually, order
from tests.sandbox.process import start_sandbox


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def now(client: Client) -> datetime:
    return moment(client.web.get("/control/clock").json()["now"])


class Product:
    """Follows the clock as the product's scheduler does; `waits_for` are the instants it must not miss."""

    def __init__(self, url: str, waits_for: list[str] | None = None) -> None:
        self.waits_for = [moment(text) for text in waits_for or []]
        self.woken: list[tuple[datetime, datetime]] = []
        self.restless: str | None = None
        self.shift_s = 0.0
        self._web = httpx.Client(base_url=url, verify=False)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        while not self._over.wait(0.02):
            virtual = datetime.now(UTC) + timedelta(seconds=self.shift_s)
            for instant in [instant for instant in self.waits_for if instant <= virtual]:
                self.waits_for.remove(instant)
                self.woken.append((instant, virtual))
            upcoming = min(self.waits_for, default=None)
            report = {
                "rest": self.restless is None,
                "next": upcoming and upcoming.isoformat(),
                "seen_shift_s": self.shift_s,
                "waiting": [self.restless] if self.restless else [],
            }
            self.shift_s = self._web.post("/control/clock/step", json=report).json()["shift_s"]

    def leave(self) -> None:
        """Stop following."""
        self._over.set()
        self._thread.join()
        self._web.close()


@pytest.fixture
def product(client: Client) -> Iterator[Product]:
    product = Product(client.sandbox.url)
    yield product
    product.leave()


def test_virtual_time_is_real_time_at_first(client: Client) -> None:
    clock = client.web.get("/control/clock").json()
    assert (clock["shift_s"], clock["playing"], clock["state"], clock["target"]) == (0, False, "idle", None)
    assert abs(now(client) - datetime.now(UTC)) < timedelta(seconds=5)


def test_time_flows_after_a_jump(client: Client) -> None:
    client.control("clock", {"jump": "P10D"})
    first = now(client)
    time.sleep(0.3)
    assert timedelta(seconds=0.2) < now(client) - first < timedelta(seconds=5)
    assert abs(first - datetime.now(UTC) - timedelta(days=10)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("begin", "advance", "end"),
    [
        ("2026-01-30T12:00:00+03:00", "P1M", "2026-02-28T12:00:00+03:00"),
        ("2026-02-28T12:00:00+03:00", "P1M", "2026-03-28T12:00:00+03:00"),
        ("2027-10-31T12:00:00+03:00", "P4M", "2028-02-29T12:00:00+03:00"),
        ("2026-11-21T12:00:00+03:00", "P1Y2M10DT1H30M", "2028-01-31T13:30:00+03:00"),
        ("2026-11-21T23:00:00+03:00", "P1W", "2026-11-28T23:00:00+03:00"),
        ("2026-12-31T01:00:00+03:00", "P2M", "2027-02-28T01:00:00+03:00"),
    ],
)
def test_months_are_calendar_months(client: Client, begin: str, advance: str, end: str) -> None:
    client.control("clock", {"start": begin})
    client.control("clock", {"jump": advance})
    assert timedelta() <= now(client) - moment(end) < timedelta(seconds=10)


def test_a_date_is_its_midnight_in_moscow(client: Client) -> None:
    client.control("clock", {"jump": "2031-01-31"})
    assert timedelta() <= now(client) - moment("2031-01-31T00:00:00+03:00") < timedelta(seconds=10)


def test_a_datetime_is_meant_in_moscow_unless_it_says_otherwise(client: Client) -> None:
    client.control("clock", {"jump": "2031-01-31T10:00"})
    assert timedelta() <= now(client) - moment("2031-01-31T10:00:00+03:00") < timedelta(seconds=10)
    client.control("clock", {"jump": "2031-01-31T10:00:00Z"})
    assert timedelta() <= now(client) - moment("2031-01-31T10:00:00+00:00") < timedelta(seconds=10)


@pytest.mark.parametrize("body", [{"jump": "2020-01-01"}, {"to": "2020-01-01"}])
def test_the_clock_never_goes_backwards(client: Client, body: Json) -> None:
    client.saved_method()
    refused = client.web.post("/control/clock", json=body)
    assert refused.status_code == 400
    assert "backwards" in refused.json()["error"]
    assert client.web.get("/control/clock").json()["shift_s"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {}, {"advance": "P0D"}, {"advance": "1 month"}, {"advance": "P"}, {"advance": "PT"}, {"advance": 5},
        {"to": "P1D"}, {"to": "tomorrow"}, {"to": "2027-02-30"}, {"jump": "P1M", "to": "2027-01-01"},
        {"advance": "P99Y"}, {"advance": "P999Y9999M"}, {"jump": "9999-12-31"}, {"leap": "P1D"},
    ],
)  # fmt: skip
def test_what_names_no_moment_is_refused(client: Client, body: Json) -> None:
    assert client.web.post("/control/clock", json=body).status_code == 400


def test_a_history_may_begin_in_the_past_and_return_to_real_time(client: Client) -> None:
    client.control("clock", {"start": "2025-11-21T00:00:00+03:00"})
    assert now(client).year == 2025
    payment = client.made("/payments", order())
    assert payment["created_at"].startswith("2025-11-20T21:00:")
    assert client.web.post("/control/clock", json={"start": "2024-01-01"}).status_code == 400
    client.control("clock", {"jump": "2025-12-05"})
    client.control("clock", {"jump": "now"})
    assert client.web.get("/control/clock").json()["shift_s"] == 0


def test_time_ahead_does_not_return_to_real_time(client: Client) -> None:
    client.control("clock", {"jump": "P1D"})
    assert client.web.post("/control/clock", json={"jump": "now"}).status_code == 400


def test_playing_stops_where_the_product_waits_rounded_up_to_ten_minutes(client: Client, product: Product) -> None:
    client.control("clock", {"start": "2030-01-01T12:00:00+03:00"})
    eventually(lambda: product.shift_s > 0)
    product.waits_for = [
        moment("2030-01-05T08:03:00+03:00"), moment("2030-01-05T08:09:59+03:00"), moment("2030-01-20T00:00:00+03:00"),
        moment("2030-03-01T00:00:00+03:00"),
    ]  # fmt: skip

    answer = client.control("clock", {"advance": "P1M"})

    assert answer["stops"][:2] == ["2030-01-05T05:10:00.000Z", "2030-01-19T21:00:00.000Z"]
    assert len(answer["stops"]) == 3
    assert timedelta() <= moment(answer["now"]) - moment("2030-02-01T12:00:00+03:00") < timedelta(seconds=30)
    assert [instant.day for instant, _ in product.woken] == [5, 5, 20]
    late = [virtual - instant for instant, virtual in product.woken]
    assert all(timedelta() <= delay < timedelta(minutes=11) for delay in late)
    assert answer["state"] == "idle"
    assert answer["shift_s"] == client.web.get("/control/clock").json()["shift_s"]


def test_playing_stops_at_the_sandboxs_own_instants_too(client: Client, product: Product, hook: Hook) -> None:
    payment = client.made("/payments", order())
    client.pay(client.made("/payments", order(capture=False)))
    eventually(lambda: hook.events() == ["payment.waiting_for_capture"])

    answer = client.control("clock", {"advance": "P1M"})

    assert len(answer["stops"]) == 3
    assert client.got(f"/payments/{payment['id']}")["status"] == "canceled"
    assert hook.events() == ["payment.waiting_for_capture", "payment.canceled", "payment.canceled"]
    entries = client.journal(system="webhook")
    stops = [moment(stop) for stop in answer["stops"]]
    for stop, entry in zip(stops, entries[1:], strict=False):
        assert timedelta() <= moment(entry["at"]) - stop < timedelta(minutes=1)


def test_nothing_moves_while_the_product_is_not_at_rest(client: Client, product: Product) -> None:
    product.restless = "платёж 7 отправляется"
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(client.control, "clock", {"advance": "P1D"})
        time.sleep(0.5)
        clock = httpx.get(f"{client.sandbox.url}/control/clock").json()
        product.restless = None
        ended = playing.result(20)

    assert (clock["state"], clock["playing"], clock["stops"]) == ("playing", True, [])
    assert clock["waiting"] == ["платёж 7 отправляется"]
    assert clock["shift_s"] == 0
    assert ended["state"] == "idle"


def test_a_stale_report_moves_nothing(client: Client) -> None:
    step = {"rest": True, "next": None, "seen_shift_s": 0}
    client.control("clock/step", step)
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(client.control, "clock", {"advance": "P2D"})
        instant = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        first = eventually(lambda: _moved(client, step | {"next": instant}))
        assert first
        stale = client.control("clock/step", step | {"next": instant})
        assert stale["shift_s"] == first["shift_s"]
        assert stale["playing"]
        second = client.control("clock/step", step | {"seen_shift_s": first["shift_s"]})
        assert second["shift_s"] > first["shift_s"] + 80_000
        last = client.control("clock/step", step | {"seen_shift_s": second["shift_s"]})
        assert not last["playing"]
        assert len(playing.result(10)["stops"]) == 2


def _moved(client: Client, step: Json) -> Json | None:
    answer = client.control("clock/step", step)
    return answer if answer["shift_s"] > 0 else None


def test_notifications_under_way_are_waited_for(client: Client, product: Product, hook: Hook) -> None:
    client.control("clock", {"start": "2030-01-01T12:00:00+03:00"})
    eventually(lambda: product.shift_s > 0)
    hook.status = 500
    client.saved_method()
    answer = client.control("clock", {"advance": "P2D"})

    assert [stop[8:16] for stop in answer["stops"][:4]] == ["01T09:10", "01T09:20", "01T10:30", "02T09:00"]
    assert len(hook.received) == len(answer["stops"]) == 5


def test_two_do_not_play_at_once_and_nobody_jumps_meanwhile(client: Client, product: Product) -> None:
    product.restless = "занят"
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(client.control, "clock", {"advance": "P1D"})
        other = httpx.Client(base_url=client.sandbox.url, verify=False)
        eventually(lambda: other.get("/control/clock").json()["playing"])
        assert other.post("/control/clock", json={"advance": "P1D"}).status_code == 409
        assert other.post("/control/clock", json={"jump": "P1D"}).status_code == 409
        product.restless = None
        playing.result(20)
        other.close()


@pytest.mark.parametrize(
    ("patience", "words"),
    [
        (Patience(silent_s=0.2), "планировщик молчит"),
        (Patience(restless_s=0.2), "ничего не успокоилось"),
    ],
)
def test_a_clock_that_gets_no_further_is_stuck_and_says_why(tmp_path: Path, patience: Patience, words: str) -> None:
    async def play() -> httpx.Response:
        app = create_app(open_world(tmp_path / "sandbox.sqlite"))
        app.state.player = Player(app.state.world, patience)
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://s") as web:
            report = {"rest": False, "next": None, "seen_shift_s": 0, "waiting": ["payments 7: sending"]}
            await web.post("/control/clock/step", json=report)
            answer = await web.post("/control/clock", json={"advance": "P1D"})
            assert "Дальше время не идёт" in (await web.get("/control/")).text
            assert (await web.post("/control/clock", json={"jump": "P1D"})).status_code == 200
        return answer

    refused = asyncio.run(play())

    body = refused.json()
    assert refused.status_code == 504
    assert (body["state"], body["playing"], body["shift_s"], body["target"]) == ("stuck", False, 0, None)
    assert words in body["waiting"][0]


@pytest.mark.parametrize(
    "body", [{}, {"seen_shift_s": "x"}, {"seen_shift_s": 0, "next": "soon"}, {"seen_shift_s": 0, "waiting": 5}]
)
def test_a_wrong_report_is_refused(client: Client, body: Json) -> None:
    assert client.web.post("/control/clock/step", json=body).status_code == 400


def test_alone_the_sandbox_plays_its_own_instants_and_a_restart_goes_on(tmp_path: Path) -> None:
    sandbox = start_sandbox(tmp_path)
    alone = Client(sandbox)
    alone.control("targets", {"yookassa_url": "http://127.0.0.1:1/nobody"})
    payment = alone.made("/payments", order())
    answer = alone.control("clock", {"advance": "P3D"})
    assert answer["alone"] is True
    assert len(answer["stops"]) == len(alone.journal(system="webhook")) + 1
    assert alone.got(f"/payments/{payment['id']}")["status"] == "canceled"

    with ThreadPoolExecutor(1) as pool:
        pool.submit(_ignore_errors, alone.web, {"advance": "P3D"})
        eventually(lambda: httpx.get(f"{sandbox.url}/control/clock").json()["playing"])
        sandbox.process.kill()
        sandbox.process.wait()
    again = start_sandbox(tmp_path)
    reopened = Client(again)
    assert reopened.web.get("/control/clock").json()["playing"]
    eventually(lambda: not reopened.web.get("/control/clock").json()["playing"], 20)
    assert timedelta(days=5, hours=23) <= now(reopened) - datetime.now(UTC) < timedelta(days=6)
    assert reopened.got(f"/payments/{payment['id']}")["status"] == "canceled"
    for client in (alone, reopened):
        client.close()
    again.stop()


def _ignore_errors(web: httpx.Client, body: dict[str, Any]) -> None:
    try:
        web.post("/control/clock", json=body)
    except httpx.TransportError:
        return
