"""What the command prints. Names and values come from a stranger's file: they are shown as plain text, never as markup."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table as Grid
from rich.text import Text

from portal.imports.fates import Fate, Outcome, Report
from portal.imports.importing import Advance, batches
from portal.imports.problems import Problem
from portal.imports.table import DELIMITERS, Table

_STYLES = {Outcome.NEW: "green", Outcome.CHANGED: "yellow", Outcome.SAME: "dim", Outcome.BAD: "bold red"}
_KEPT = "\n\u00a0"
_PAGE = 500  # a grid is laid out as a whole, so a long one is printed in parts of the same widths
_WIDTH_OF_A_FILE = 150
_LINE, _CODE, _OUTCOME, _COLUMN, _VALUE = 7, 16, 13, 18, 26


def console() -> Console:
    """The terminal; a pipe or a file gets wide lines instead of rich's 80 characters."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDTH_OF_A_FILE)


@contextmanager
def progress(table: Table) -> Iterator[Advance]:
    """A bar on standard error while the file is read; it leaves nothing behind, and nothing at all in a pipe."""
    screen = Console(stderr=True)
    columns = (TextColumn("Проверяю строки"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("", total=table.encoding.lines)
        yield lambda line: bar.update(task, completed=line)


def print_file(to: Console, table: Table) -> None:
    """How the file was read, and which of its columns were not."""
    to.print(_plain(f"{table.path}: {table.encoding.title}, разделитель — {DELIMITERS[table.delimiter]}"))
    for title in table.header.unknown.values():
        to.print(_plain(f"Столбец «{title}» неизвестен и не читается"), style="yellow")


def print_fates(to: Console, fates: Sequence[Fate]) -> None:
    """The fate of every row."""
    widths = (("строка", _LINE), ("код", _CODE), ("судьба", _OUTCOME), ("что", None))
    _print_grid(to, widths, (_fate_cells(fate) for fate in fates))


def print_problems(to: Console, problems: Sequence[Problem]) -> None:
    """Every problem with its line, column, value and reason."""
    widths = (("строка", _LINE), ("столбец", _COLUMN), ("значение", _VALUE), ("причина", None))
    _print_grid(to, widths, (_problem_cells(problem) for problem in problems))


def print_summary(to: Console, report: Report) -> None:
    """How many rows end how."""
    words = (("Новых", Outcome.NEW), ("изменённых", Outcome.CHANGED), ("без изменений", Outcome.SAME))
    counts = [f"{word}: {report.count(outcome)}" for word, outcome in words]
    to.print(Text(", ".join([*counts, f"с ошибками: {report.count(Outcome.BAD)}"]), "bold"))


def _fate_cells(fate: Fate) -> tuple[Text, ...]:
    told = "\n".join(f"{problem.column}: {problem.reason}" for problem in fate.problems) or fate.what
    return Text(str(fate.line)), _plain(fate.code), Text(fate.outcome, _STYLES[fate.outcome]), _plain(told)


def _problem_cells(problem: Problem) -> tuple[Text, ...]:
    return Text(str(problem.line)), _plain(problem.column), _plain(problem.value), _plain(problem.reason)


def _plain(value: str) -> Text:
    """The text without what a terminal could obey."""
    return Text("".join(char if char.isprintable() or char in _KEPT else "�" for char in value))


def _print_grid(to: Console, columns: Sequence[tuple[str, int | None]], rows: Iterable[tuple[Text, ...]]) -> None:
    for number, page in enumerate(batches(rows, _PAGE)):
        grid = Grid(box=SIMPLE_HEAD, expand=True, pad_edge=False, show_header=number == 0)
        for title, width in columns:
            grid.add_column(title, width=width, ratio=None if width else 1, overflow="fold")
        for cells in page:
            grid.add_row(*cells)
        to.print(grid)
