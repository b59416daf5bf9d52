"""An answer that is no JSON object of a sensible size says nothing about what happened."""

from __future__ import annotations

from uuid import uuid4

import pytest
import respx

from payments.gateway.port import OutcomeUnknown
from payments.gateway.transport import LARGEST_BODY
from payments.gateway.yookassa import YooKassa
from tests.payments.gateway.conftest import API


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'["succeeded"]', "not an object"),
        (b'"succeeded"', "not an object"),
        (b'{"status": "succ', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"status": "succeeded", "more": "' + b"x" * LARGEST_BODY + b'"}', "over 1 MB"),
    ],
    ids=["list", "text", "cut", "no text", "large"],
)
def test_what_is_no_object_leaves_the_outcome_unknown_and_keeps_its_status(
    gateway: respx.MockRouter, body: bytes, why: str
) -> None:
    gateway.post("/payments").respond(200, content=body)

    with pytest.raises(OutcomeUnknown, match=why) as refused:
        YooKassa(api_url=API, shop_id="100500", secret_key="test").create_payment("{}", uuid4())
    assert refused.value.http_status == 200
