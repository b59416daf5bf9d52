"""Letters that failed are said again: at a new address, or because an employee asks for it.

The warning of a charge is never repeated word by word: its date may have passed. It is announced anew instead.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import aliased

from kernel import outbox
from kernel.db import Session
from kernel.errors import NotFound, Refused
from kernel.outbox import Hint
from payments.autopay.models import NOTICE_COUNTS, Autopay, Notice
from payments.autopay.notices import announce
from payments.contracts.models import Contract, Installment
from payments.customers.models import Customer
from portal.notifications.kinds import PRIVATE_KINDS
from portal.notifications.letters import MAIL_JOB
from portal.notifications.models import Message
from portal.notifications.queries import present_address
from portal.web.kit.i18n import gettext as _


def announce_unheard(session: Session, customer_id: UUID, *, now: datetime) -> int:
    """Announce anew the charges whose last warning failed at another address than the present one; return how many."""
    lines = session.scalars(
        _unheard_lines().where(
            Customer.id == customer_id, Customer.email.is_not(None), Customer.email != Message.recipient
        )
    ).all()
    return len(announce(session, lines, now=now)) if lines else 0


def send_again(session: Session, message_id: UUID, *, now: datetime) -> None:
    """Put a failed letter back into the queue, with a fresh budget of tries. A customer's goes where they are written to now.

    Raises:
        NotFound: no such letter.
        Refused: it has not failed, has no address, held a personal link, or warns of a charge that will not happen.
    """
    message = session.get(Message, message_id, with_for_update=True)
    if message is None:
        raise NotFound
    if message.status != "failed":
        raise Refused(_("Письмо уже отправлено или ждёт отправки."))
    recipient = present_address(session, message_id)
    if not recipient:
        raise Refused(_("У клиента нет адреса почты. Когда он появится, предупреждения уйдут сами."))
    if message.kind in PRIVATE_KINDS:
        raise Refused(
            _("Личная ссылка больше не хранится. Новую человек запросит сам: на странице входа или регистрации.")
        )
    if message.notice_id is not None:
        _announce_anew(session, message.notice_id, now)
        return
    session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(
            status="queued",
            recipient=recipient,
            tries=0,
            sent_at=None,
            next_try_at=now,
            lease_until=None,
            error=None,
        )
    )
    outbox.hint(session, Hint(MAIL_JOB, (message_id,)))


def _announce_anew(session: Session, notice_id: UUID, now: datetime) -> None:
    lines = session.scalars(_unheard_lines().where(Notice.id == notice_id)).all()
    if not lines or not announce(session, lines, now=now):
        raise Refused(_("Предупреждать не о чем: этого списания не будет или о нём уже предупредили."))


def _unheard_lines() -> Select[UUID]:
    later = aliased(Notice)
    return (
        select(Installment.id)
        .join(Contract, Contract.id == Installment.contract_id)
        .join(Customer, Customer.id == Contract.customer_id)
        .join(Autopay, Autopay.contract_id == Contract.id)
        .join(Notice, Notice.installment_id == Installment.id)
        .join(Message, Message.notice_id == Notice.id)
        .where(
            Installment.status == "invoiced",
            Notice.sent_at.is_(None),
            NOTICE_COUNTS,
            Message.status == "failed",
            ~select(later.id).where(later.installment_id == Installment.id, later.id > Notice.id).exists(),
        )
        .with_for_update(of=Installment)
    )
