"""How long each method has worked for a caller in the last ten minutes, as answers tell it."""

from __future__ import annotations

_BASKET_S, _BASKETS = 60, 10


class Operating:
    """Ten baskets of a minute for each caller and method, on the virtual clock."""

    def __init__(self) -> None:
        self._baskets: dict[tuple[str, str], dict[int, float]] = {}

    def add(self, caller: str, method: str, seconds: float, *, at: float) -> tuple[float, int]:
        """Count a call that ended `at`; the seconds of all baskets, and when the oldest of them is left out."""
        minute = int(at) // _BASKET_S
        baskets = self._baskets.setdefault((caller, method), {})
        for old in [began for began in baskets if began <= minute - _BASKETS]:
            del baskets[old]
        baskets[minute] = baskets.get(minute, 0.0) + seconds
        return sum(baskets.values()), (min(baskets) + _BASKETS) * _BASKET_S

    def forget(self) -> None:
        """Begin anew."""
        self._baskets.clear()
