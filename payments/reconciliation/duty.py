"""When the lists are read: every hour 48 hours back, and once a business day 35 days.

It is a chore: the played clock does not stop for it, and while time is played it is done once a played day.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, func, or_, text, update

from kernel import log, outbox
from kernel.clock import Wait
from kernel.db import begin
from kernel.relay import Send
from kernel.settings import get_settings
from payments.installation.models import Shop
from payments.installation.setup import current_shop
from payments.reconciliation.models import Reconciliation
from payments.reconciliation.running import UnderWay, Unread, reconcile
from payments.reconciliation.standing import RECONCILE

_log = log.get(__name__)
_EVERY = timedelta(hours=1)
_AFTER_A_FAILURE = timedelta(minutes=10)
# Real time, a little less than an hour: that one began a second late must not cost the next its hour.
_LATELY = text("interval '55 minutes'")
_mine = Reconciliation.shop_id == Shop.id
TO_RECONCILE = Wait(
    "shops.reconcile_at",
    Shop.reconcile_at,
    or_(
        ~exists().where(
            _mine, Reconciliation.begun_at > func.clock_timestamp() - _LATELY, Reconciliation.error.is_(None)
        ),
        ~exists().where(_mine, func.business_date(Reconciliation.until_at) == func.business_date(func.business_now())),
    ),
    chore=True,
)


def hint_reconciliation(_send: Send) -> int:
    """Have a worker read the lists of the settings' shop when its hour has come; the lists of others cannot be read."""
    with begin() as session:
        due = session.execute(
            update(Shop)
            .where(TO_RECONCILE.due())
            .values(reconcile_at=func.business_now() + _EVERY)
            .returning(Shop.id, Shop.account_id)
        ).all()
        mine = [row.id for row in due if row.account_id == get_settings().yookassa_shop_id]
        outbox.hint(session, *(outbox.Hint(RECONCILE, (shop_id,)) for shop_id in mine))
    return len(mine)


def run(_ids: list[str]) -> None:
    """The worker's job. What could not be read is tried again in ten minutes; the page says why."""
    try:
        reconcile()
    except UnderWay:
        _log.info("reconciliation.under_way")
    except Unread:
        with begin() as session:
            shop = current_shop(session, get_settings())
            session.execute(
                update(Shop).where(Shop.id == shop.id).values(reconcile_at=func.business_now() + _AFTER_A_FAILURE)
            )
