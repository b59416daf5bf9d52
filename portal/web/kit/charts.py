"""Geometry of the charts that partials/kit/bar_chart.html and line_chart.html draw: numbers in, coordinates out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from portal.web.kit.filters import day_and_month, money, number, weekday_and_day
from portal.web.kit.i18n import gettext as _

_WIDTH, _HEIGHT = 608, 232
_LEFT, _TOP, _BASE = 38, 14, 204
_GAP = 5
_STEPS = 3
_LABEL_EVERY = 5
_DAYS_OF_WEEK = 7
_THOUSAND = 100_000  # kopecks in a thousand rubles


class DayAmount(NamedTuple):
    """A day and its kopecks; `planned` money has not come yet, and `to_come` is what today still expects beside it.

    A bar of a week or a month begins on its day and says itself what it is called; its label may be empty.
    """

    day: date
    kopecks: int
    planned: bool = False
    to_come: int = 0
    name: str = ""
    label: str | None = None
    is_now: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar where it is drawn; what is still to come stands on top of it, `rest_height` high."""

    x: float
    y: float
    width: float
    height: float
    rest_y: float
    rest_height: float
    rest_name: str
    rest: int
    name: str
    amount: int
    planned: bool
    label: str
    strong: bool


class GridLine(NamedTuple):
    """A line across and what it stands for."""

    y: float
    value: int
    label: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """A chart ready to be drawn."""

    id: str
    title: str
    description: str
    bars: tuple[Bar, ...]
    grid: tuple[GridLine, ...]
    unit: str
    made_word: str
    plan_word: str
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    base: int = _BASE

    @property
    def has_plan(self) -> bool:
        """Whether any bar is still to come."""
        return any(bar.rest or (bar.planned and bar.amount) for bar in self.bars)


def bar_chart(id_: str, title: str, amounts: Sequence[DayAmount], *, today: date) -> BarChart:
    """Bars of money by day. The axis ends at a round figure just above the highest bar."""
    top = _round_top(max((item.kopecks + item.to_come for item in amounts), default=0))
    short = len(amounts) <= _DAYS_OF_WEEK
    in_thousands = top >= _THOUSAND * _STEPS
    unit = _THOUSAND if in_thousands else 100
    width = (_WIDTH - _LEFT) / max(len(amounts), 1)
    return BarChart(
        id=id_,
        title=title,
        description=_describe(amounts),
        bars=tuple(
            _bar(index, item, width, top, _label(item.day, today, short=short)) for index, item in enumerate(amounts)
        ),
        grid=tuple(_grid_line(step, top, unit) for step in range(_STEPS + 1)),
        unit=_("тыс. ₽") if in_thousands else "₽",
        made_word=_("Получено"),
        plan_word=_("По графику"),
    )


def _bar(index: int, item: DayAmount, width: float, top: int, label: tuple[str, bool]) -> Bar:
    height = round((_BASE - _TOP) * item.kopecks / top, 1)
    rest_height = round((_BASE - _TOP) * item.to_come / top, 1)
    name = item.name or day_and_month(item.day)
    planned_name = _("%(day)s, по графику") % {"day": name}
    return Bar(
        x=round(_LEFT + index * width + _GAP / 2, 1),
        y=round(_BASE - height, 1),
        width=round(width - _GAP, 1),
        height=height,
        rest_y=round(_BASE - height - rest_height, 1),
        rest_height=rest_height,
        rest_name=planned_name,
        rest=item.to_come,
        name=planned_name if item.planned else name,
        amount=item.kopecks,
        planned=item.planned,
        label=label[0] if item.label is None else item.label,
        strong=item.is_now or (item.label is None and label[1]),
    )


def _label(day: date, today: date, *, short: bool) -> tuple[str, bool]:
    """What stands below a bar, and whether it is today's: each day of a week, every fifth of a month."""
    if short:
        return weekday_and_day(day), day == today
    # The neighbours of today's label give way to it.
    apart = (day.day == 1 or day.day % _LABEL_EVERY == 0) and abs((day - today).days) > 1
    return str(day.day) if apart or day == today else "", day == today


def _grid_line(step: int, top: int, unit: int) -> GridLine:
    value = top * step // _STEPS
    return GridLine(round(_BASE - (_BASE - _TOP) * step / _STEPS, 1), value, number(value // unit))


def _round_top(highest: int) -> int:
    """The least of 3, 6, 9, 15, 30, 60, 90, 150 … rubles that is not below the highest bar: its thirds are round."""
    power = 100
    while True:
        for step in (3, 6, 9, 15):
            if highest <= step * power:
                return step * power
        power *= 10


def _describe(amounts: Sequence[DayAmount]) -> str:
    made = [item for item in amounts if not item.planned and item.kopecks]
    if not made:
        return _("Пока ничего не получено.")
    best = max(made, key=lambda item: item.kopecks)
    words = {"day": best.name.lower() or day_and_month(best.day), "sum": money(best.kopecks)}
    return _("Больше всего пришло %(day)s: %(sum)s.") % words


_LINE_WIDTH, _LINE_HEIGHT = 276, 158
_LINE_LEFT, _LINE_RIGHT, _LINE_TOP, _LINE_BASE = 34, 262, 18, 134
_PERCENT_STEPS = (1, 2, 5, 10, 25)
_MOST_LINES = 5
_ALL = 100


class Share(NamedTuple):
    """A point of the line: `part` of `whole`, and what the time it stands for is called, short and in full."""

    label: str
    name: str
    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """The share; None when there was nothing to take a share of."""
        return _ALL * self.part / self.whole if self.whole else None


class Point(NamedTuple):
    """Where a share is drawn."""

    x: float
    y: float
    share: Share


@dataclass(frozen=True, slots=True)
class LineChart:
    """A chart ready to be drawn: the axis does not begin at zero, so nothing below the line is filled."""

    id: str
    title: str
    points: tuple[Point, ...]
    grid: tuple[GridLine, ...]
    labels: tuple[tuple[float, str], ...]
    shares: tuple[Share, ...]
    width: int = _LINE_WIDTH
    height: int = _LINE_HEIGHT
    left: int = _LINE_LEFT

    @property
    def line(self) -> str:
        """The points of the polyline."""
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def line_chart(id_: str, title: str, shares: Sequence[Share]) -> LineChart:
    """A line of shares in percent, equal times apart; times without anything to share have no point."""
    known = [share.percent for share in shares if share.percent is not None]
    low, high, step = _percent_axis(min(known, default=0), max(known, default=_ALL))
    gap = (_LINE_RIGHT - _LINE_LEFT) / max(len(shares) - 1, 1)

    def height_of(percent: float) -> float:
        return round(_LINE_BASE - (_LINE_BASE - _LINE_TOP) * (percent - low) / (high - low), 1)

    places = [(round(_LINE_LEFT + index * gap, 1), share) for index, share in enumerate(shares)]
    return LineChart(
        id=id_,
        title=title,
        points=tuple(Point(x, height_of(it.percent), it) for x, it in places if it.percent is not None),
        grid=tuple(GridLine(height_of(value), value, number(value)) for value in range(low, high + 1, step)),
        labels=tuple((x, share.label) for index, (x, share) in enumerate(places) if (len(places) - 1 - index) % 4 == 0),
        shares=tuple(shares),
    )


def _percent_axis(lowest: float, highest: float) -> tuple[int, int, int]:
    """The ends and the step of an axis of few lines that holds all shares."""
    for step in _PERCENT_STEPS:
        low = int(lowest // step) * step
        high = min(_ALL, -int(-highest // step) * step)
        low, high = (low - step, high) if low == high and low else (low, max(high, low + step))
        if (high - low) // step < _MOST_LINES:
            return low, high, step
    return 0, _ALL, _PERCENT_STEPS[-1]
