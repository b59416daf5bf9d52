"""Calls: whose card was asked for which sum, how often, and never again after a bank's last word. By the gateway's journal."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from kernel.db import Session
from payments.charging.models import CANCELED, Payment
from tests.crash.harness.oracle import Call, Charge

if TYPE_CHECKING:
    from tests.crash.harness.checker import Evidence
    from tests.crash.harness.workload import Due


def asked(session: Session, evidence: Evidence) -> tuple[int, list[str]]:
    """Every call that asks for a payment, against what the run agreed with its customers and permitted."""
    posts = evidence.oracle.posts
    permits = {str(row.key): row.sends for row in session.execute(select(Payment.key, Payment.sends))}
    return len(posts), [
        *wrongly_asked(posts, evidence.dues),
        *without_permit(posts, permits),
        *after_a_refusal(posts, evidence.oracle.charges, evidence.dues),
    ]


def wrongly_asked(posts: Sequence[Call], dues: Sequence[Due]) -> Iterator[str]:
    """Another card than the due's own or another sum than was agreed, and cards that nobody of the run has."""
    by_invoice = {due.invoice_id: due for due in dues}
    tokens = {due.token for due in dues}
    for post in posts:
        invoice_id = _invoice_of(post)
        due = by_invoice.get(invoice_id) if invoice_id else None
        if due is None:
            if post.token and post.token not in tokens:
                yield f"key {post.key} asked for {invoice_id or 'no invoice'} of a card {post.token} that nobody has"
            continue
        if post.token and post.token != due.token:
            yield f"invoice {due.invoice_id}: key {post.key} asked for it of the card {post.token}, not {due.token}"
        kopecks = Decimal(_body(post)["amount"]["value"]) * 100
        if kopecks != due.kopecks:
            yield f"invoice {due.invoice_id}: key {post.key} asked for {kopecks.normalize():f} kopecks, not {due.kopecks}"


def without_permit(posts: Sequence[Call], permits: Mapping[str, int]) -> Iterator[str]:
    """Keys of ours under which more calls came in than permits were given: `permits`, by key.

    A permit whose call never left is counted too, so there may be fewer calls. There are never more: the transport sends
    each request once (kernel/deadline.py), and every call has a permit of its own, the page of a first payment too.
    """
    came: dict[str, list[Call]] = defaultdict(list)
    for post in posts:
        if post.key and post.key in permits:
            came[post.key].append(post)
    for key, calls in came.items():
        if len(calls) > permits[key]:
            yield f"invoice {_invoice_of(calls[0])}: key {key} came in {len(calls)} times under {permits[key]} permits"


def after_a_refusal(posts: Sequence[Call], charges: Sequence[Charge], dues: Sequence[Due]) -> Iterator[str]:
    """Cards that a bank refused for good, and that were asked again by another payment."""
    refused = {due.token: due for due in dues if due.fate == "refused"}
    canceled = {charge.gateway_id for charge in charges if charge.status == CANCELED}
    ended: dict[str, Call] = {}
    again: dict[str, list[Call]] = defaultdict(list)
    for post in posts:
        if not post.token or post.token not in refused:
            continue
        # Under its own key a payment may be asked about again: nobody may have heard the bank's word.
        if post.token in ended and post.key != ended[post.token].key:
            again[post.token].append(post)
        elif post.object_id in canceled:
            ended.setdefault(post.token, post)
    for token, calls in again.items():
        due = refused[token]
        yield (
            f"invoice {due.invoice_id}: {due.kopecks} kopecks were refused for good under key {ended[token].key}, and the"
            f" card was asked again under {sorted({str(call.key) for call in calls})}"
        )


def _invoice_of(post: Call) -> UUID | None:
    named = (_body(post).get("metadata") or {}).get("invoice_id")
    return UUID(named) if named else None


def _body(post: Call) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(post.body or "{}")
    return body
