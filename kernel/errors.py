"""The root of the error tree. A subclass is named after the fact it states."""

from __future__ import annotations


class KabinetError(Exception):
    """Any error of ours that a caller may want to tell from a bug."""


class ConfigurationError(KabinetError):
    """The environment is not fit to start with; `problems` names each bad variable."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class NotFound(KabinetError):
    """No such row, or not this person's: the two are not told apart."""


class Refused(KabinetError):
    """The act is not allowed in the present state; `str(error)` says why in the reader's words."""
