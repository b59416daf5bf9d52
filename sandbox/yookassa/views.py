"""The gateway's objects as JSON."""

from __future__ import annotations

from sandbox.database import Store
from sandbox.moments import iso
from sandbox.yookassa.money import amount, income
from sandbox.yookassa.records import Json, Method, Payment, Refund
from sandbox.yookassa.shops import Shop

_ECHOED = ("description", "merchant_customer_id")


def payment_json(store: Store, shop: Shop, payment: Payment) -> Json:
    """A payment in its current status."""
    details = payment.details
    view: Json = {
        "id": payment.id,
        "status": payment.status,
        "amount": amount(payment.kopecks, payment.currency),
        "created_at": iso(payment.created_at),
        "metadata": details.get("metadata", {}),
        "paid": payment.status in {"waiting_for_capture", "succeeded"},
        "recipient": {"account_id": shop.account_id, "gateway_id": shop.gateway_id},
        "refundable": payment.refundable_kopecks > 0,
        "test": shop.test,
    }
    view |= {name: details[name] for name in _ECHOED if details.get(name)}
    view |= {name: details[name] for name in ("authorization_details", "cancellation_details") if name in details}
    if payment.awaits_payer:
        view["confirmation"] = details["confirmation"]
    if payment.method_id:
        method = Method.find(store, payment.method_id)
        if method is not None:
            view["payment_method"] = method_json(method)
    if "receipt_registration" in details:
        view["receipt_registration"] = details["receipt_registration"]
    return view | _money(payment)


def method_json(method: Method) -> Json:
    """A method as it stands inside a payment."""
    view: Json = {"type": method.type, "id": method.id, "saved": method.saved, "status": method.status}
    for name in ("title", "card", "sbp_operation_id", "payer_bank_details"):
        if name in method.details:
            view[name] = method.details[name]
    return view


def binding_json(shop: Shop, method: Method) -> Json:
    """A method as `/payment_methods` shows it."""
    view = method_json(method) | {
        "holder": {"account_id": shop.account_id, "gateway_id": shop.gateway_id},
        "metadata": method.details.get("metadata", {}),
    }
    if method.status == "pending" and "confirmation" in method.details:
        view["confirmation"] = method.details["confirmation"]
    return view


def refund_json(refund: Refund) -> Json:
    """A refund in its current status."""
    view: Json = {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "status": refund.status,
        "created_at": iso(refund.created_at),
        "amount": amount(refund.kopecks, refund.currency),
        "metadata": refund.details.get("metadata", {}),
    }
    for name in ("description", "cancellation_details", "refund_authorization_details", "receipt_registration"):
        if refund.details.get(name):
            view[name] = refund.details[name]
    return view


def _money(payment: Payment) -> Json:
    if payment.status == "waiting_for_capture" and payment.expires_at is not None:
        return {"expires_at": iso(payment.expires_at)}
    if payment.status != "succeeded" or payment.captured_at is None:
        return {}
    captured = payment.captured_kopecks or 0
    return {
        "amount": amount(captured, payment.currency),
        "captured_at": iso(payment.captured_at),
        "income_amount": amount(income(captured), payment.currency),
        "refunded_amount": amount(payment.refunded_kopecks, payment.currency),
    }
