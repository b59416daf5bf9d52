"""The timeline of a run as SVG: the rate of charges, and a lane for each kind of blow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from tests.crash.harness.plan import TARGETS

if TYPE_CHECKING:
    from tests.crash.harness.run import Result

_WIDTH, _LEFT, _RIGHT = 1160, 92, 12
_RATE_TOP, _RATE_HEIGHT, _LANE = 18, 130, 22
_BINS = 120


def drawn(result: Result) -> Markup:
    """The picture."""
    began, ended = _span(result)
    lanes = [*TARGETS, *(["cable"] if result.plan.hosts > 1 else []), "points", "faults", "people"]
    bottom = _RATE_TOP + _RATE_HEIGHT + 26
    height = bottom + _LANE * len(lanes) + 24

    def across(at: float) -> float:
        return _LEFT + (at - began) / (ended - began) * (_WIDTH - _LEFT - _RIGHT)

    parts = [_calm(result, across, height), *_rate(result, began, ended)]
    for place, lane in enumerate(lanes):
        y = bottom + place * _LANE
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="name" x="0" y="{y + 4}">{escape(lane)}</text>')
        parts += [_dot(across(at), y, kind, title) for at, kind, title in _blows(result, lane)]
    parts += _seconds(began, ended, across, height)
    label = f"{result.plan.charges} charges and {len(result.record.of('kill'))} blows over {ended - began:.0f} seconds"
    return Markup(
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _span(result: Result) -> tuple[float, float]:
    began, charged = result.attack
    last = max([charged, *(item.at for item in result.record.of("calm", "died"))])
    return began, max(last, result.record.began + result.seconds)


def _rate(result: Result, began: float, ended: float) -> list[str]:
    width = (ended - began) / _BINS
    ours = {str(charge.key) for charge in result.oracle.charges if charge.payment_id and charge.status == "succeeded"}
    first: dict[str, float] = {}
    for post in result.oracle.posts:
        if post.key in ours and post.at >= began:
            first.setdefault(str(post.key), post.at)
    bins = Counter(min(_BINS - 1, int((at - began) / width)) for at in first.values())
    rates = [bins[place] / width for place in range(_BINS)]
    most = max([*rates, 1.0])
    step = (_WIDTH - _LEFT - _RIGHT) / _BINS
    floor = _RATE_TOP + _RATE_HEIGHT
    line = " ".join(
        f"{_LEFT + step * (place + 0.5):.1f},{floor - rate / most * _RATE_HEIGHT:.1f}"
        for place, rate in enumerate(rates)
    )
    return [
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{floor}" y2="{floor}"/>',
        f'<polygon class="area" points="{_LEFT + step / 2:.1f},{floor} {line} {_WIDTH - _RIGHT - step / 2:.1f},{floor}"/>',
        f'<polyline class="rate" points="{line}"/>',
        f'<text class="name" x="0" y="{_RATE_TOP + 4}">charges/s</text>',
        f'<text x="{_LEFT - 8}" y="{_RATE_TOP + 4}" text-anchor="end">{most:.0f}</text>',
    ]


def _blows(result: Result, lane: str) -> list[tuple[float, str, str]]:
    kinds = {"points": "point", "faults": "fault", "people": "customer"}
    if lane in kinds:
        return [(item.at, kinds[lane], f"{item.what} {item.detail}") for item in result.record.of(kinds[lane])]
    if lane == "cable":
        return [(item.at, "kill", f"{item.what} {item.detail}") for item in result.record.of("cable")]
    return [(item.at, "kill", f"{item.what} {item.detail}") for item in result.record.of("kill") if item.what == lane]


def _dot(x: float, y: float, kind: str, title: str) -> str:
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y}" r="3.5"><title>{escape(title)}</title></circle>'


def _calm(result: Result, across: object, height: int) -> str:
    calm = result.record.of("calm")
    if not calm or not callable(across):
        return ""
    x = across(calm[0].at)
    return (
        f'<rect class="calm" x="{x:.1f}" y="{_RATE_TOP}" width="{_WIDTH - _RIGHT - x:.1f}" height="{height - _RATE_TOP - 22}"/>'
        f'<text x="{x + 6:.1f}" y="{_RATE_TOP + 12}">calm</text>'
    )


def _seconds(began: float, ended: float, across: object, height: int) -> list[str]:
    assert callable(across)
    step = next(size for size in (10, 30, 60, 120, 300, 600, 1800, 3600) if (ended - began) / size <= 16)
    marks: Sequence[int] = range(0, int(ended - began), step)
    return [
        f'<text x="{across(began + mark):.1f}" y="{height - 4}" text-anchor="middle">{mark} s</text>' for mark in marks
    ]
