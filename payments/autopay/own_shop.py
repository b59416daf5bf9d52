"""Which saved methods can be charged at all: those of the one shop whose key is in the settings."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, bindparam, case, func, select
from sqlalchemy.orm import aliased

from kernel.db import ReadSession, Session
from kernel.settings import get_settings
from payments.autopay.models import Autopay, PaymentMethod
from payments.installation.models import Shop


def _account() -> str:
    return get_settings().yookassa_shop_id


# By a name of its own: it stands inside statements that join the shops for other columns.
_it = aliased(Shop)
_ours = (
    select(_it.id).where(_it.account_id == bindparam("our_account", callable_=_account, type_=Text)).scalar_subquery()
)
# Over PaymentMethod, which may be missing; the settings are asked when a statement is sent or made. While no company is
# named for their shop, nobody is told that his card is a former one's: their number may be mistyped.
IN_OUR_SHOP: ColumnElement[bool] = func.coalesce(PaymentMethod.shop_id == _ours, True)
# Over Autopay and its PaymentMethod, either of which may be missing: it charges nothing until its card is saved anew.
CARD_ELSEWHERE: ColumnElement[bool] = func.coalesce(and_(Autopay.status == "active", ~IN_OUR_SHOP), False)
# The same two: what customers read of the autopay. Such a one goes on where its company goes back to that shop.
SHOWN_STATUS: ColumnElement[str] = case((CARD_ELSEWHERE, "suspended"), else_=Autopay.status)


def is_card_elsewhere(session: Session | ReadSession, contract_id: UUID) -> bool:
    """Whether this contract's autopay rests on a card that was saved in another shop."""
    mine = select(Autopay.id).join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
    found = session.execute(mine.where(Autopay.contract_id == contract_id, CARD_ELSEWHERE))
    return found.first() is not None
