"""Which contracts are in force, as conditions over Contract: one paid once and in full has nothing more to do."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists

from payments.contracts.models import Contract, Installment, PaymentPlan

_AGREED = ("active", "suspended")
_TO_COME = ("planned", "invoiced")


def is_settled() -> ColumnElement[bool]:
    """A one-off with nothing left to ask for. Its status stays active: a refund may come yet."""
    once = exists().where(PaymentPlan.contract_id == Contract.id, PaymentPlan.kind == "one_off")
    left = exists().where(Installment.contract_id == Contract.id, Installment.status.in_(_TO_COME))
    return and_(Contract.status == "active", once.correlate(Contract), ~left.correlate(Contract))


def is_in_force() -> ColumnElement[bool]:
    """Agreed, not ended, and not settled: what people mean by «у клиента два договора»."""
    return and_(Contract.status.in_(_AGREED), ~is_settled())
