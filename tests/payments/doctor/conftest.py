"""Sound books, and how to break them behind the product's back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from kernel.clock import business_now
from kernel.db import Session
from payments.charging.applying import apply
from payments.charging.models import Payment
from payments.invoicing.taking_back import void_invoice
from portal.audit.models import AuditEntry
from tests.support.gateway_objects import says
from tests.support.standing import begin_first_payment, make_standing


@dataclass(frozen=True)
class Books:
    """Sound books: a customer who agreed, paid once by hand and was charged once by himself."""

    session: Session
    contract_id: UUID
    customer_id: UUID
    first_id: UUID
    charged_id: UUID

    def do(self, *statements: str) -> None:
        """Change rows behind the product's back, with every guard of the schema asleep."""
        self.session.execute(text("SET LOCAL session_replication_role = replica"))
        values = {
            "contract": self.contract_id,
            "customer": self.customer_id,
            "first": self.first_id,
            "charged": self.charged_id,
        }
        for statement in statements:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            self.session.execute(text(statement), used)
        self.session.execute(text("SET LOCAL session_replication_role = origin"))


@pytest.fixture
def books(session: Session) -> Books:
    standing = make_standing(session)
    charged = session.get_one(Payment, standing.due.payment_id)
    now = business_now(session)
    charged.status, charged.sends, charged.first_sent_at, charged.permit_at = "sending", 1, now, now
    session.flush()
    apply(session, [says(session, charged, "succeeded")], source="answer", now=now)
    _, unpaid = begin_first_payment(session, email="boris@example.com")
    unpaid.status = "canceled"
    session.flush()
    void_invoice(session, unpaid.invoice_id, by=uuid4(), now=now)
    first = session.scalars(
        select(Payment.id).where(Payment.contract_id == standing.contract_id, Payment.initiator == "customer")
    ).one()
    _read_lists(session)
    for subject in ("first", "second"):
        session.add(AuditEntry(act="charging.paused", subject_kind="test", subject_id=subject, details={}))
    session.flush()
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    return Books(session, standing.contract_id, standing.agreement.customer_id, first, charged.id)


def _read_lists(session: Session) -> None:
    # The gateway's lists were read whole an hour later, and hold what we have.
    for statement in (
        """
        INSERT INTO gateway_payments (gateway_id, shop_id, status, kopecks, currency, refunded_kopecks, created_at,
            captured_at, payment_id, invoice_id, contract_id, numbers, read_at)
        SELECT gateway_id, shop_id, status, kopecks, currency, 0, created_at, decided_at, id, invoice_id, contract_id, '{}',
            business_now() + interval '1 hour'
        FROM payments WHERE gateway_id IS NOT NULL
        """,
        """
        INSERT INTO reconciliations (id, shop_id, status, deep, since_at, until_at, lease_until, payments, refunds)
        SELECT gen_random_uuid(), id, 'done', deep, business_now() - interval '35 days', business_now() + interval '1 hour',
            business_now(), 2, 0
        FROM shops, (VALUES (true), (false)) kinds(deep)
        """,
    ):
        session.execute(text(statement))
