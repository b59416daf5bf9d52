from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from portal.web.kit.charts import DayAmount, Share, bar_chart, line_chart

TODAY = date(2026, 11, 21)


def days(*kopecks: int) -> list[DayAmount]:
    return [DayAmount(date(2026, 11, 1 + number), amount) for number, amount in enumerate(kopecks)]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=28))
def test_bars_stay_inside_the_drawing(kopecks: list[int]) -> None:
    chart = bar_chart("c", "Поступления", days(*kopecks), today=TODAY)
    for bar in chart.bars:
        assert chart.left <= bar.x
        assert bar.x + bar.width <= chart.width
        assert 0 <= bar.y <= chart.base
        assert abs(bar.y + bar.height - chart.base) < 0.2


def test_the_axis_ends_at_a_round_figure_above_the_highest_bar() -> None:
    chart = bar_chart("c", "Поступления", days(126_330_00, 42_700_00), today=TODAY)
    assert [line.label for line in chart.grid] == ["0", "50", "100", "150"]
    assert chart.unit == "тыс. ₽"
    small = bar_chart("c", "Поступления", days(250_00), today=TODAY)
    assert ([line.label for line in small.grid], small.unit) == (["0", "100", "200", "300"], "₽")


def test_the_description_names_the_best_day_or_says_that_there_is_none() -> None:
    assert "2 ноября" in bar_chart("c", "Поступления", days(100, 200), today=TODAY).description
    assert bar_chart("c", "Поступления", days(0, 0), today=TODAY).description == "Пока ничего не получено."
    assert bar_chart("c", "Поступления", [], today=TODAY).bars == ()


def test_what_today_still_expects_stands_on_what_it_has_brought() -> None:
    today = [*days(100), DayAmount(TODAY, 300_00, to_come=600_00)]
    chart = bar_chart("c", "Поступления", today, today=TODAY)
    bar = chart.bars[1]
    assert chart.grid[-1].value == 900_00, "both fit"
    assert chart.has_plan
    assert bar.rest_name == "21 ноября, по графику"
    assert abs(bar.rest_y + bar.rest_height - bar.y) < 0.2
    assert abs(bar.rest_height - 2 * bar.height) < 0.2


def test_each_day_of_a_week_has_its_name_and_of_a_month_every_fifth() -> None:
    week = bar_chart("c", "Поступления", days(0, 0, 0, 0, 0, 0, 0), today=date(2026, 11, 4))
    assert [bar.label for bar in week.bars] == ["вс 1", "пн 2", "вт 3", "ср 4", "чт 5", "пт 6", "сб 7"]
    assert [bar.strong for bar in week.bars] == [False, False, False, True, False, False, False]
    month = bar_chart("c", "Поступления", days(*[0] * 28), today=TODAY)
    assert [bar.label for bar in month.bars if bar.label] == ["1", "5", "10", "15", "21", "25"]


def test_planned_money_is_told_from_received_by_word_too() -> None:
    planned = [*days(100), DayAmount(date(2026, 11, 22), 500, planned=True)]
    chart = bar_chart("c", "Поступления", planned, today=TODAY)
    assert chart.has_plan
    assert chart.bars[1].name == "22 ноября, по графику"


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12))
def test_a_line_stays_inside_its_drawing_and_its_axis_is_short(weeks: list[tuple[int, int]]) -> None:
    shares = [Share(str(n), f"неделя {n}", min(part, whole), whole) for n, (part, whole) in enumerate(weeks)]

    chart = line_chart("l", "Успешные списания", shares)

    assert len(chart.points) == sum(1 for share in shares if share.whole)
    for point in chart.points:
        assert chart.left <= point.x <= chart.width
        assert 18 <= point.y <= 134
    assert 2 <= len(chart.grid) <= 6
    assert all(0 <= line.value <= 100 for line in chart.grid)


def test_a_week_without_charges_has_no_point_and_its_neighbours_keep_their_places() -> None:
    chart = line_chart(
        "l", "Успешные списания", [Share("36", "a", 9, 10), Share("37", "b", 0, 0), Share("38", "c", 10, 10)]
    )

    assert [point.share.label for point in chart.points] == ["36", "38"]
    assert (chart.points[0].x, chart.points[1].x) == (34.0, 262.0)
    assert chart.points[0].y > chart.points[1].y


def test_a_bar_of_a_month_is_called_by_its_month() -> None:
    chart = bar_chart(
        "c",
        "Поступления",
        [
            DayAmount(date(2026, 10, 1), 100, name="Октябрь 2026", label="окт"),
            DayAmount(date(2026, 11, 1), 200, name="Ноябрь 2026", label="ноя", is_now=True),
        ],
        today=TODAY,
    )

    assert [(bar.name, bar.label, bar.strong) for bar in chart.bars] == [
        ("Октябрь 2026", "окт", False),
        ("Ноябрь 2026", "ноя", True),
    ]
    assert "ноябрь 2026" in chart.description
