"""Money is whole kopecks. Decimal appears only where text comes in or goes out; float never."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from kernel.errors import KabinetError

_KOPECKS = Decimal(100)
_LARGEST = 10**15


class BadAmount(KabinetError):
    """The text is not an amount with at most two decimals."""


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount in whole kopecks of one currency."""

    kopecks: int
    currency: str = "RUB"

    @classmethod
    def parse(cls, text: str, currency: str = "RUB") -> Money:
        """Money from `"1234.50"`, the form that gateways use.

        Raises:
            BadAmount: not a number, more than two decimals, or absurdly large.
        """
        try:
            kopecks = Decimal(text) * _KOPECKS
        except (InvalidOperation, ValueError, TypeError) as error:
            raise BadAmount(text) from error
        if not kopecks.is_finite() or kopecks != kopecks.to_integral_value() or abs(kopecks) > _LARGEST:
            raise BadAmount(text)
        return cls(int(kopecks), currency)

    @property
    def value(self) -> str:
        """The amount as gateways write it: `"1234.50"`."""
        sign, (rubles, kopecks) = "-" * (self.kopecks < 0), divmod(abs(self.kopecks), 100)
        return f"{sign}{rubles}.{kopecks:02d}"

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.kopecks + other.kopecks, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.kopecks - other.kopecks, self.currency)

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise BadAmount(f"{self.currency} and {other.currency} do not add up")
