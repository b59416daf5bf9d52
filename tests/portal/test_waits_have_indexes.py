"""The scheduler asks for every wait on each pass, so none of them may read a table that grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, text

from crm_sync.part import CRM
from kernel.clock import Wait
from kernel.db import Session
from portal.wiring import Wiring

# One row, or one for each kind of object or check.
FEW_ROWS = {"check_results", "crm_connection", "crm_held_kinds", "installation", "virtual_clock"}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _plan(session: Session, wait: Wait) -> list[dict[str, Any]]:
    # An empty table is read as a whole whatever indexes there are, unless that counts as dear.
    session.execute(text("SET LOCAL enable_seqscan = off"))
    question = select(func.min(wait.at)).where(wait.where)
    compiled = question.compile(session.connection(), compile_kwargs={"literal_binds": True})
    explained = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}").scalar_one()
    return list(_nodes(explained[0]["Plan"]))


@pytest.mark.parametrize("wait", Wiring(CRM).waits, ids=lambda wait: wait.name)
def test_the_earliest_row_of_each_wait_is_found_by_an_index(session: Session, wait: Wait) -> None:
    read_whole = {node["Relation Name"] for node in _plan(session, wait) if node["Node Type"] == "Seq Scan"}

    assert read_whole - FEW_ROWS == set()
