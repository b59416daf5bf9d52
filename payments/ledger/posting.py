"""What is posted to the ledger, and when. Debit is positive; every transaction sums to zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kernel.db import Session, insert_rows
from kernel.ids import uuid7
from payments.ledger.models import ADVANCE, CLEARING, GATEWAY, RECEIVABLE, REVENUE, LedgerEntry, LedgerTransaction

INVOICE = "invoice"
INVOICE_VOID = "invoice_void"
PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Posting:
    """One fact: a debit and a credit of the same kopecks, possibly several pairs."""

    kind: str
    source_id: UUID
    customer_id: UUID
    contract_id: UUID
    moves: tuple[tuple[str, str, int], ...]  # debit account, credit account, kopecks


def invoice_issued(invoice_id: UUID, customer_id: UUID, contract_id: UUID, kopecks: int) -> Posting:
    """The customer owes; we have earned."""
    return Posting(INVOICE, invoice_id, customer_id, contract_id, ((RECEIVABLE, REVENUE, kopecks),))


def invoice_voided(invoice_id: UUID, customer_id: UUID, contract_id: UUID, kopecks: int) -> Posting:
    """The exact reversal of `invoice_issued`: nothing is owed, nothing was earned."""
    return Posting(INVOICE_VOID, invoice_id, customer_id, contract_id, ((REVENUE, RECEIVABLE, kopecks),))


def payment_succeeded(
    payment_id: UUID, customer_id: UUID, contract_id: UUID, *, kopecks: int, allocated_kopecks: int
) -> Posting:
    """Money came through clearing: the allocated part settles the debt, the rest is the customer's advance."""
    moves = [(GATEWAY, CLEARING, kopecks)]
    if allocated_kopecks:
        moves.append((CLEARING, RECEIVABLE, allocated_kopecks))
    if kopecks > allocated_kopecks:
        moves.append((CLEARING, ADVANCE, kopecks - allocated_kopecks))
    return Posting(PAYMENT, payment_id, customer_id, contract_id, tuple(moves))


def post(session: Session, postings: Sequence[Posting]) -> None:
    """Append transactions; posting a fact twice breaks on the unique key and rolls everything back."""
    if not postings:
        return
    keyed = [(uuid7(), posting) for posting in postings]
    insert_rows(
        session,
        LedgerTransaction,
        [{"id": key, "kind": posting.kind, "source_id": posting.source_id} for key, posting in keyed],
    )
    insert_rows(
        session,
        LedgerEntry,
        [
            {
                "transaction_id": key,
                "account": account,
                "customer_id": posting.customer_id,
                "contract_id": posting.contract_id,
                "kopecks": kopecks,
            }
            for key, posting in keyed
            for debit, credit, amount in posting.moves
            for account, kopecks in ((debit, amount), (credit, -amount))
        ],
    )
