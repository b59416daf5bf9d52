"""The judgement of a run that has come to rest, or has not: whatever breaks off in it, there is a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kernel.errors import KabinetError
from tests.crash.harness.check_lists import read_lists
from tests.crash.harness.checker import Evidence, Verdict, broken_off, check_all

# The checks that are only there when they failed: what has not come to rest in time, and lists that cannot be read.
LIVENESS, READING = "liveness", "reading"


class BrokeOffError(RuntimeError):
    """The run ended by an error of the product's own, after it had begun."""


@contextmanager
def begun() -> Iterator[None]:
    """From here on a run has been: what the product refuses is no longer a wrong call of the run (exit code 2).

    Raises:
        BrokeOffError: in the place of the product's own error.
    """
    try:
        yield
    except KabinetError as error:
        raise BrokeOffError(f"after the attack began: {error!r}") from error


def judge(evidence: Evidence, rest: str) -> list[Verdict]:
    """Every check, after the gateway's lists were read once more. `rest`: how the run came to it."""
    unread = _read()
    verdicts = [*unread, *check_all(evidence)]
    if rest.startswith("still due"):
        patience_s = evidence.plan.patience_s
        verdicts.append(Verdict(LIVENESS, f"all comes to rest within {patience_s:.0f} s", 1, [rest]))
    return verdicts


def _read() -> list[Verdict]:
    try:
        read_lists()
    except Exception as error:  # noqa: BLE001  as for a check: the others are still to be asked
        return [broken_off(READING, "the gateway's lists can be read when all is at rest", error)]
    return []
