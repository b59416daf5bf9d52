"""Fault points do nothing unless they are named, and are refused where money is real."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from kernel import fault
from kernel.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _fresh() -> object:
    fault._plans.cache_clear()
    fault._hits.clear()
    yield
    fault._plans.cache_clear()
    fault._hits.clear()


def test_an_unnamed_point_does_nothing() -> None:
    fault.fault("charge.after_permit")


def test_a_named_point_acts_at_its_hit_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_FAULTS", "charge.after_permit=raise:2")
    fault.fault("charge.after_permit")
    with pytest.raises(fault.InjectedFault):
        fault.fault("charge.after_permit")
    fault.fault("charge.after_permit")


def test_a_star_counts_the_points_that_are_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_FAULTS", "charge.after_permit=raise:9,*=raise:2")
    fault.fault("charge.before_send")
    fault.fault("charge.after_permit")
    with pytest.raises(fault.InjectedFault, match=r"charge\.after_answer"):
        fault.fault("charge.after_answer")


def test_a_crash_is_caught_by_nothing_that_catches_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_FAULTS", "charge.after_permit=crash")
    with pytest.raises(fault.Crashed), contextlib.suppress(Exception):
        fault.fault("charge.after_permit")


def test_live_mode_refuses_fault_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_FAULTS", "charge.after_permit=kill")
    monkeypatch.setenv("KABINET_MODE", "live")
    with pytest.raises(ConfigurationError):
        fault.fault("charge.after_permit")


def test_an_unknown_action_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_FAULTS", "charge.after_permit=explode")
    with pytest.raises(ConfigurationError, match="explode"):
        fault.fault("charge.after_permit")


def test_a_point_tells_the_log_that_it_acted_before_it_acts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KABINET_FAULTS", "charge.after_permit=raise,charge.before_send=raise:2")
    monkeypatch.setenv("KABINET_FAULTS_LOG", str(tmp_path / "points"))
    fault.fault("charge.before_send")
    with pytest.raises(fault.InjectedFault):
        fault.fault("charge.after_permit")
    assert (tmp_path / "points").read_text() == f"{os.getpid()} charge.after_permit\n"
