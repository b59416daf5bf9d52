"""Which saved methods can be charged at all: those of the one shop whose key is in the settings."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, bindparam, select
from sqlalchemy.orm import aliased

from kernel.settings import get_settings
from payments.autopay.models import PaymentMethod
from payments.installation.models import Shop


def _account() -> str:
    return get_settings().yookassa_shop_id


# By a name of its own: it stands inside statements that join the shops for other columns.
_it = aliased(Shop)
_ours = select(_it.id).where(_it.account_id == bindparam("our_account", callable_=_account, type_=Text)).scalar_subquery()
# Over PaymentMethod, read anew by each statement that is sent. NULL while no company is named for the shop of the settings.
IN_OUR_SHOP: ColumnElement[bool] = PaymentMethod.shop_id == _ours
