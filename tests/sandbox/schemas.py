"""What every answer of the gateway must look like: small JSON schemas made from its documentation."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

Json = dict[str, Any]

_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
_PAYMENT_ID = {"type": "string", "pattern": "^[0-9a-f]{8}-000f-5000-[89ab]000-[0-9a-f]{12}$"}
_REFUND_ID = {"type": "string", "pattern": "^[0-9a-f]{8}-0015-5000-[89ab]000-[0-9a-f]{12}$"}
_TEXTS = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}


def _strict(required: Json, optional: Json | None = None) -> Json:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


_AMOUNT = _strict(
    {
        "value": {"type": "string", "pattern": r"^\d+\.\d\d$"},
        "currency": {"enum": ["RUB", "EUR", "USD", "KZT", "BYN", "UAH", "UZS", "TRY", "INR", "MDL", "AZN", "AMD"]},
    }
)
_CANCELLATION = _strict(
    {"party": {"enum": ["yoo_money", "payment_network", "merchant", "refund_network"]}, "reason": {"type": "string"}}
)
_CARD = _strict(
    {
        "last4": {"type": "string", "pattern": "^[0-9]{4}$"},
        "expiry_month": {"type": "string", "pattern": "^(0[1-9]|1[0-2])$"},
        "expiry_year": {"type": "string", "pattern": "^20[0-9]{2}$"},
        "card_type": {"enum": ["MasterCard", "Visa", "Mir", "JCB", "AmericanExpress", "DinersClub"]},
    },
    {
        "first6": {"type": "string", "pattern": "^[0-9]{6}$"},
        "card_product": {"type": "object"},
        "issuer_country": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "issuer_name": {"type": "string"},
    },
)
_METHOD: Json = {
    "type": {"enum": ["bank_card", "sbp"]},
    "id": _PAYMENT_ID,
    "saved": {"type": "boolean"},
    "status": {"enum": ["pending", "active", "inactive"]},
}
_METHOD_MORE: Json = {
    "title": {"type": "string"},
    "card": _CARD,
    "payer_bank_details": _strict(
        {
            "bank_id": {"type": "string", "pattern": "^[0-9]{12}$"},
            "bic": {"type": "string", "pattern": "^[0-9]{9}$"},
        }
    ),
}
_RECIPIENT = _strict({"account_id": {"type": "string"}, "gateway_id": {"type": "string"}})
_CONFIRMATION: Json = {
    "oneOf": [
        _strict(
            {"type": {"enum": ["redirect", "mobile_application"]}, "confirmation_url": {"type": "string"}},
            {"return_url": {"type": "string"}, "enforce": {"type": "boolean"}},
        ),
        _strict({"type": {"const": "embedded"}, "confirmation_token": {"type": "string", "pattern": "^ct-"}}),
        _strict({"type": {"const": "qr"}, "confirmation_data": {"type": "string"}}),
    ]
}


def _only_when(statuses: list[str], *names: str) -> Json:
    """These fields exist in these statuses and in no other."""
    return {
        "if": {"properties": {"status": {"enum": statuses}}},
        "then": {"required": list(names)},
        "else": {"not": {"anyOf": [{"required": [name]} for name in names]}},
    }


PAYMENT: Json = _strict(
    {
        "id": _PAYMENT_ID,
        "status": {"enum": ["pending", "waiting_for_capture", "succeeded", "canceled"]},
        "amount": _AMOUNT,
        "created_at": _TIME,
        "metadata": _TEXTS,
        "paid": {"type": "boolean"},
        "recipient": _RECIPIENT,
        "refundable": {"type": "boolean"},
        "test": {"type": "boolean"},
    },
    {
        "description": {"type": "string", "maxLength": 128},
        "merchant_customer_id": {"type": "string", "maxLength": 200},
        "payment_method": _strict(_METHOD, _METHOD_MORE),
        "confirmation": _CONFIRMATION,
        "authorization_details": _strict(
            {
                "rrn": {"type": "string"},
                "auth_code": {"type": "string"},
                "three_d_secure": _strict({"applied": {"type": "boolean"}}),
            }
        ),
        "cancellation_details": _CANCELLATION,
        "captured_at": _TIME,
        "expires_at": _TIME,
        "income_amount": _AMOUNT,
        "refunded_amount": _AMOUNT,
        "receipt_registration": {"enum": ["pending", "succeeded", "canceled"]},
    },
) | {
    "allOf": [
        _only_when(["canceled"], "cancellation_details"),
        _only_when(["waiting_for_capture"], "expires_at"),
        _only_when(["succeeded"], "captured_at", "income_amount", "refunded_amount"),
        {
            "if": {"properties": {"status": {"enum": ["waiting_for_capture", "succeeded"]}}},
            "then": {"properties": {"paid": {"const": True}}},
            "else": {"properties": {"paid": {"const": False}, "refundable": {"const": False}}},
        },
        {
            "if": {"required": ["confirmation"]},
            "then": {"properties": {"status": {"const": "pending"}}},
        },
    ]
}

REFUND: Json = _strict(
    {
        "id": _REFUND_ID,
        "payment_id": _PAYMENT_ID,
        "status": {"enum": ["pending", "succeeded", "canceled"]},
        "created_at": _TIME,
        "amount": _AMOUNT,
        "metadata": _TEXTS,
    },
    {
        "description": {"type": "string", "maxLength": 250},
        "cancellation_details": _CANCELLATION,
        "refund_authorization_details": _strict({"rrn": {"type": "string"}}),
    },
) | {"allOf": [_only_when(["canceled"], "cancellation_details")]}

BINDING: Json = _strict(
    {**_METHOD, "holder": _RECIPIENT, "metadata": _TEXTS}, {**_METHOD_MORE, "confirmation": _CONFIRMATION}
) | {"allOf": [_only_when(["pending"], "confirmation")]}

ERROR: Json = _strict(
    {
        "type": {"const": "error"},
        "id": {"type": "string", "pattern": "^[0-9a-f-]{36}$"},
        "code": {
            "enum": [
                "invalid_request",
                "invalid_credentials",
                "forbidden",
                "not_found",
                "method_not_allowed",
                "too_many_requests",
                "internal_server_error",
            ]
        },
        "description": {"type": "string", "minLength": 1},
    },
    {"parameter": {"type": "string"}, "retry_after": {"type": "integer"}},
)


def list_of(items: Json) -> Json:
    """A page of a list."""
    return _strict(
        {"type": {"const": "list"}, "items": {"type": "array", "items": items}},
        {"next_cursor": {"type": "string", "minLength": 1}},
    )


NOTIFICATION: Json = _strict(
    {
        "type": {"const": "notification"},
        "event": {
            "enum": [
                "payment.waiting_for_capture",
                "payment.succeeded",
                "payment.canceled",
                "payment_method.active",
                "refund.succeeded",
            ]
        },
        "object": {"anyOf": [PAYMENT, REFUND, BINDING]},
    }
)

_BY_PATH = {"payments": PAYMENT, "refunds": REFUND, "payment_methods": BINDING}


def check(answer: Json, schema: Json) -> None:
    """Fail with the first thing that does not fit."""
    Draft202012Validator(schema).validate(answer)


def check_answer(method: str, path: str, status: int, answer: Json) -> None:
    """Check an answer of the API by the schema of its path."""
    kind, *rest = path.strip("/").removeprefix("yookassa/v3/").split("/")
    if status != 200:
        check(answer, ERROR)
    elif method == "GET" and not rest:
        check(answer, list_of(_BY_PATH[kind]))
    else:
        check(answer, _BY_PATH[kind])
