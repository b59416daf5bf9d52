"""What stands in a file of payments: one list of columns for every format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from kernel.settings import get_settings
from portal.notifications.reasons import reason_for_staff
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.words import word
from portal.web.staff.queries.payments import PaymentRow
from portal.web.staff.words import INITIATORS, METHODS

Kind = Literal["text", "number", "moment", "money"]
Cell = str | int | Decimal | datetime | None
_KOPECKS = Decimal(100)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what its cells are, and the cell of a payment. `width` is in characters.

    A moment is the business zone's own time without a zone, as spreadsheets know no zones; money is in rubles.
    """

    heading: str
    kind: Kind
    width: int
    cell: Callable[[PaymentRow], Cell]


COLUMNS = (
    Column(_("Платёж"), "number", 10, lambda row: row.number),
    Column(_("Создан"), "moment", 17, lambda row: local(row.at)),
    Column(_("Завершён"), "moment", 17, lambda row: local(row.decided_at) if row.decided_at else None),
    Column(_("Клиент"), "text", 36, lambda row: row.customer_name),
    Column(_("ИНН"), "text", 14, lambda row: row.customer_inn),
    Column(_("Договор"), "text", 14, lambda row: row.contract_number),
    Column(_("Счёт"), "text", 14, lambda row: row.invoice_number),
    Column(_("Сумма, ₽"), "money", 14, lambda row: rubles(row.kopecks)),
    Column(_("Состояние"), "text", 20, lambda row: str(word("payment", row.status).text)),
    Column(_("Причина отказа"), "text", 34, lambda row: reason_for_staff(row.reason) if row.reason else None),
    Column(_("Способ"), "text", 16, lambda row: str(METHODS.get(row.method_kind or "", row.method_kind or "")) or None),
    Column(_("Карта"), "text", 8, lambda row: row.last4),
    Column(_("Кто начал"), "text", 14, lambda row: str(INITIATORS[row.initiator])),
    Column(_("Номер в ЮKassa"), "text", 38, lambda row: row.gateway_id),
)
# Where the sum stands: the total is written under it.
SUM_AT = next(place for place, column in enumerate(COLUMNS) if column.kind == "money")


def local(at: datetime) -> datetime:
    """The instant as a clock in the business zone shows it."""
    return at.astimezone(get_settings().zone).replace(tzinfo=None)


def rubles(kopecks: int) -> Decimal:
    """The exact sum in rubles."""
    return Decimal(kopecks) / _KOPECKS
