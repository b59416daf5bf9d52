"""Business time decides money, and money is whole kopecks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.support.source import PRODUCT, ROOT, Source, sources

# Real time in Python is asked for in one place.
CLOCK = "kernel/clock.py"
# business_now() itself is made of now().
MAKES_THE_CLOCK = "migrations/versions/0001_ground.py"
PYTHON_CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}
SQL_CLOCK = re.compile(r"(?<![\w.])(?:now\(\)|current_date\b|current_timestamp\b|localtimestamp\b)", re.IGNORECASE)
# Bytes and seconds are all that the HTTP transport deals with.
KNOWS_NO_SUMS = {"kernel/deadline.py", "payments/gateway/transport.py"}
# Seconds of the machine, not money: how long to wait, how long it took.
MEASURES_SECONDS = re.compile(r"\w*_S\b|seconds|timeout|deadline|monotonic|\bpause\b|granted", re.IGNORECASE)


def python_clocks(source: Source) -> Iterator[str]:
    for owner, node in attributes(source):
        if (owner, node.attr) in PYTHON_CLOCKS:
            yield f"{source.name}:{node.lineno}"


def sql_clocks(source: Source) -> Iterator[str]:
    docstrings = source.docstring_lines()
    for node in ast.walk(source.tree):
        text = node.value if isinstance(node, ast.Constant) and node.lineno not in docstrings else None
        if isinstance(text, str) and SQL_CLOCK.search(text):
            yield f"{source.name}:{getattr(node, 'lineno', 0)}"
    for owner, call in attributes(source):
        if owner == "func" and SQL_CLOCK.search(f"{call.attr}()"):
            yield f"{source.name}:{call.lineno}"


def attributes(source: Source) -> Iterator[tuple[str, ast.Attribute]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id, node


def test_only_the_clock_reads_the_machines_time() -> None:
    found = [place for source in sources(*PRODUCT) if source.name != CLOCK for place in python_clocks(source)]

    assert found == [], "ask kernel.clock: now() for business time, real_now() for leases and sessions"


def test_sql_asks_for_business_now() -> None:
    files = [source for source in sources(*PRODUCT, "migrations") if source.name != MAKES_THE_CLOCK]

    found = [place for source in files for place in sql_clocks(source)]

    assert found == [], "business_now() decides money; clock_timestamp() is for leases and heartbeats"


def test_templates_know_no_clock() -> None:
    found = [path.name for path in (ROOT / "templates").rglob("*.html") if SQL_CLOCK.search(path.read_text("utf-8"))]

    assert found == []


def test_no_float_near_money() -> None:
    near_money = [source for source in sources("payments") if source.name not in KNOWS_NO_SUMS]
    near_money += [source for source in sources("kernel") if source.name == "kernel/money.py"]

    found = [place for source in near_money for place in floats(source)]

    assert found == [], "money is integer kopecks or Decimal at the edge"


def floats(source: Source) -> Iterator[str]:
    lines = source.text.splitlines()
    for node in ast.walk(source.tree):
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        names_float = isinstance(node, ast.Name) and node.id == "float"
        line = lines[node.lineno - 1] if isinstance(node, (ast.Constant, ast.Name)) else ""
        if (is_float or names_float) and not MEASURES_SECONDS.search(line):
            yield f"{source.name}: {line.strip()}"
