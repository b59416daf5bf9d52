"""The shop's and the payer's side of a conversation with the sandbox."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from tests.sandbox.process import Sandbox
from tests.sandbox.schemas import check_answer

RETURN_URL = "http://shop.example/back?order=7&x=%20a"
GOOD_CARD = "5555555555554444"
THREE_DS_CARD = "5555555555554477"
POOR_CARD = "5555555555554600"

Json = dict[str, Any]
Found = TypeVar("Found")


class Client:
    """Calls the API as a shop, the pages as a payer and the controls as a test."""

    def __init__(self, sandbox: Sandbox, shop: str = "100500", secret: str = "test_sandbox") -> None:
        self.sandbox = sandbox
        self.strange = False
        self.api = httpx.Client(
            base_url=sandbox.api_url,
            auth=(shop, secret),
            timeout=30,
            verify=False,  # plain HTTP: certificates need not be read
            event_hooks={"response": [self._check]},
        )
        self.web = httpx.Client(base_url=sandbox.url, timeout=60, verify=False)

    def _check(self, response: httpx.Response) -> None:
        """Every answer fits its schema, unless the test asked for strange ones."""
        if not self.strange:
            response.read()
            request = response.request
            check_answer(request.method, request.url.path, response.status_code, response.json())

    def close(self) -> None:
        """Close the connections."""
        self.api.close()
        self.web.close()

    def post(self, path: str, body: Json | None = None, key: str | None = None) -> httpx.Response:
        """POST with a fresh key unless one is given."""
        return self.api.post(path, json=body or {}, headers={"Idempotence-Key": key or str(uuid.uuid4())})

    def made(self, path: str, body: Json | None = None, key: str | None = None) -> Json:
        """POST that must succeed."""
        response = self.post(path, body, key)
        assert response.status_code == 200, response.text
        return _object(response)

    def got(self, path: str, **query: str) -> Json:
        """GET that must succeed."""
        response = self.api.get(path, params={name.replace("__", "."): value for name, value in query.items()})
        assert response.status_code == 200, response.text
        return _object(response)

    def control(self, path: str, body: Json) -> Json:
        """A control that must work."""
        response = self.web.post(f"/control/{path}", json=body)
        assert response.status_code == 200, response.text
        return _object(response)

    def pay(self, payment: Json, number: str = GOOD_CARD, **more: str) -> httpx.Response:
        """The payer fills the form; a 3-D Secure card is confirmed at the bank."""
        page = f"/yookassa/pay/{payment['id']}"
        answer = self.web.post(page, data={"number": number, "expiry": "12/40", "csc": "123", **more})
        if answer.headers.get("location") == f"{page}/3ds":
            answer = self.web.post(f"{page}/3ds", data={"answer": "confirm"})
        return answer

    def saved_method(self, **more: Any) -> str:
        """A method that may be charged; its id."""
        payment = self.made("/payments", order(save_payment_method=True, **more))
        self.pay(payment)
        return str(payment["id"])

    def journal(self, **filters: str) -> list[Json]:
        """Entries of the journal."""
        return list(self.web.get("/control/journal", params=filters).json()["items"])

    def fault(self, kind: str, system: str = "yookassa", **more: Any) -> Json:
        """Switch a fault on, for one call unless told otherwise."""
        dose = {} if "rate" in more or "times" in more else {"times": 1}
        return self.control("faults", {"system": system, "kind": kind, **dose, **more})


def order(value: str = "300.00", **more: Any) -> Json:
    """A one-stage payment on the form."""
    body: Json = {"amount": {"value": value, "currency": "RUB"}, "capture": True}
    return body | {"confirmation": {"type": "redirect", "return_url": RETURN_URL}} | more


def charge(method_id: str, value: str = "300.00", **more: Any) -> Json:
    """A charge of a saved method."""
    return {"amount": {"value": value, "currency": "RUB"}, "capture": True, "payment_method_id": method_id, **more}


def eventually(look: Callable[[], Found], seconds: float = 10) -> Found:
    """What `look` finds as soon as it is true.

    Raises:
        AssertionError: it never was.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"still not so after {seconds} s")


def _object(response: httpx.Response) -> Json:
    body = response.json()
    assert isinstance(body, dict)
    return body
