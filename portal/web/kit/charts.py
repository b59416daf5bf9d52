"""Geometry of the bar chart that partials/kit/bar_chart.html draws: whole numbers in, coordinates out."""

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
    """A day and its kopecks; `planned` money has not come yet, and `to_come` is what today still expects beside it."""

    day: date
    kopecks: int
    planned: bool = False
    to_come: int = 0


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
    name = day_and_month(item.day)
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
        label=label[0],
        strong=label[1],
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
    return _("Больше всего пришло %(day)s: %(sum)s.") % {"day": day_and_month(best.day), "sum": money(best.kopecks)}
