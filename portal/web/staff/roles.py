"""Who may do what at the desk. Every employee may read; each right names the roles that have it.

The page of employees and docs/roles.md tell the same in words. A page asks `may(staff, RIGHT)` before it draws a button.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from portal.accounts.sessions import SignedIn
from portal.web.kit.guards import require_role
from portal.web.kit.i18n import lazy_gettext as _

OWNER = ("owner",)
MANAGERS = ("owner", "manager")
MONEY = ("owner", "manager", "accountant")
BOOKS = ("owner", "accountant")
EVERYBODY = ("owner", "manager", "accountant", "viewer")


@dataclass(frozen=True, slots=True)
class Right:
    """Something that some roles may do, in words. As a collection it is those roles."""

    words: str
    roles: tuple[str, ...]

    def __iter__(self) -> Iterator[str]:
        return iter(self.roles)

    def __contains__(self, role: object) -> bool:
        return role in self.roles


READS = Right(_("Смотреть всё рабочее место, кроме сотрудников и журнала"), EVERYBODY)
ADDS_CUSTOMERS = Right(_("Добавлять клиентов"), MANAGERS)
CHANGES_CUSTOMERS = Right(_("Менять данные клиентов"), MANAGERS)
WRITES_NOTES = Right(_("Писать заметки о клиентах"), MONEY)
OPENS_CONTRACTS = Right(_("Создавать договоры"), MANAGERS)
STOPS_CONTRACTS = Right(_("Приостанавливать, возобновлять и завершать договоры"), MANAGERS)
ISSUES_INVOICES = Right(_("Выставлять разовые счета, отправлять их и давать ссылки на оплату"), MONEY)
VOIDS_INVOICES = Right(_("Аннулировать счета"), MANAGERS)
RETRIES_CHARGES = Right(_("Повторять списания, которые не прошли"), MANAGERS)
HOLDS_AUTOPAYS = Right(_("Приостанавливать и возобновлять автоплатежи клиентов"), MANAGERS)
SELLS_SERVICES = Right(_("Менять услуги и цены"), MANAGERS)
ASKS_GATEWAY = Right(_("Спрашивать ЮKassa об исходе платежа"), MONEY)
REVIEWS_MONEY = Right(_("Отмечать разобранными платежи, пришедшие не так, как просили"), MONEY)
RECONCILES = Right(_("Сверять платежи с ЮKassa и исправлять расхождения"), BOOKS)
EXPORTS_PAYMENTS = Right(_("Выгружать платежи в файл"), MONEY)
SKIPS_CHARGES = Right(_("Пропускать опоздавшие списания"), MANAGERS)
REPEATS_LETTERS = Right(_("Отправлять письма ещё раз"), MANAGERS)
REPEATS_DELIVERIES = Right(_("Повторять необработанные события"), MANAGERS)
REPEATS_SYNC = Right(_("Повторять обмен с CRM"), MANAGERS)
# Whoever sees that something is wrong may stop; that all is well again is the owner's word.
PAUSES_CHARGING = Right(_("Приостанавливать все списания"), MANAGERS)
RESUMES_CHARGING = Right(_("Возобновлять списания"), OWNER)
LIMITS_DAYS = Right(_("Менять дневной предел списаний"), OWNER)
MANAGES_STAFF = Right(_("Приглашать сотрудников, менять роли, закрывать доступ"), OWNER)
READS_AUDIT = Right(_("Смотреть журнал действий"), OWNER)

CustomerAdder = Annotated[SignedIn, Depends(require_role(*ADDS_CUSTOMERS))]
CustomerChanger = Annotated[SignedIn, Depends(require_role(*CHANGES_CUSTOMERS))]
NoteWriter = Annotated[SignedIn, Depends(require_role(*WRITES_NOTES))]
ContractOpener = Annotated[SignedIn, Depends(require_role(*OPENS_CONTRACTS))]
ContractStopper = Annotated[SignedIn, Depends(require_role(*STOPS_CONTRACTS))]
PaymentExporter = Annotated[SignedIn, Depends(require_role(*EXPORTS_PAYMENTS))]
GatewayAsker = Annotated[SignedIn, Depends(require_role(*ASKS_GATEWAY))]
MoneyReviewer = Annotated[SignedIn, Depends(require_role(*REVIEWS_MONEY))]
Reconciler = Annotated[SignedIn, Depends(require_role(*RECONCILES))]
ChargingResumer = Annotated[SignedIn, Depends(require_role(*RESUMES_CHARGING))]
DayLimiter = Annotated[SignedIn, Depends(require_role(*LIMITS_DAYS))]
ChargingPauser = Annotated[SignedIn, Depends(require_role(*PAUSES_CHARGING))]
ChargeSkipper = Annotated[SignedIn, Depends(require_role(*SKIPS_CHARGES))]
DeliveryRepeater = Annotated[SignedIn, Depends(require_role(*REPEATS_DELIVERIES))]
SyncRepeater = Annotated[SignedIn, Depends(require_role(*REPEATS_SYNC))]
LetterRepeater = Annotated[SignedIn, Depends(require_role(*REPEATS_LETTERS))]
ServiceSeller = Annotated[SignedIn, Depends(require_role(*SELLS_SERVICES))]
InvoiceIssuer = Annotated[SignedIn, Depends(require_role(*ISSUES_INVOICES))]
InvoiceVoider = Annotated[SignedIn, Depends(require_role(*VOIDS_INVOICES))]
ChargeRetrier = Annotated[SignedIn, Depends(require_role(*RETRIES_CHARGES))]
AutopayHolder = Annotated[SignedIn, Depends(require_role(*HOLDS_AUTOPAYS))]
StaffManager = Annotated[SignedIn, Depends(require_role(*MANAGES_STAFF))]
AuditReader = Annotated[SignedIn, Depends(require_role(*READS_AUDIT))]


def may(staff: SignedIn, right: Right) -> bool:
    """Whether this employee's role has the right."""
    return staff.staff_role in right


def all_rights() -> tuple[Right, ...]:
    """Every right of this module, in its order."""
    return tuple(value for value in globals().values() if isinstance(value, Right))
