"""A client of the portal: calls methods as an integration, edits as its staff, reads what it holds."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox.process import Sandbox

Json = dict[str, Any]

COMPANY, CONTACT, DEAL, INVOICE, PAYMENT = 4, 3, 2, 31, 1038
WEBHOOK = "/bitrix24/rest/1/demo"


class Portal:
    """The demo webhook with a bucket that no test fills."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.web = httpx.Client(base_url=sandbox.url, timeout=30, verify=False, trust_env=False)
        self.control("crm", {"bucket": 1_000_000, "per_second": 1_000_000, "pause_least_s": 0, "pause_most_s": 0})

    def close(self) -> None:
        """Close the connections."""
        self.web.close()

    def send(self, method: str, params: Json | None = None, webhook: str = WEBHOOK) -> httpx.Response:
        """A call, whatever its answer."""
        return self.web.post(f"{webhook}/{method}", json=params or {})

    def call(self, method: str, **params: Any) -> Json:
        """A call that must succeed: the whole envelope."""
        response = self.send(method, params)
        assert response.status_code == 200, response.text
        body: Json = response.json()
        return body

    def result(self, method: str, **params: Any) -> Any:
        """What a call that must succeed answers."""
        return self.call(method, **params)["result"]

    def refused(self, method: str, **params: Any) -> tuple[int, str | int, str]:
        """The status, code and description of a call that must fail."""
        response = self.send(method, params)
        assert response.status_code != 200, response.text
        body = response.json()
        assert set(body) == {"error", "error_description"}
        return response.status_code, body["error"], body["error_description"]

    def add(self, entity_type_id: int, **fields: Any) -> Json:
        """A new item, user fields under their original names."""
        item: Json = self.result("crm.item.add", entityTypeId=entity_type_id, fields=fields, useOriginalUfNames="Y")[
            "item"
        ]
        return item

    def get(self, entity_type_id: int, item_id: int) -> Json:
        """An item."""
        item: Json = self.result("crm.item.get", entityTypeId=entity_type_id, id=item_id, useOriginalUfNames="Y")[
            "item"
        ]
        return item

    def update(self, entity_type_id: int, item_id: int, **fields: Any) -> Json:
        """A changed item."""
        item: Json = self.result(
            "crm.item.update", entityTypeId=entity_type_id, id=item_id, fields=fields, useOriginalUfNames="Y"
        )["item"]
        return item

    def ids(self, entity_type_id: int, **params: Any) -> list[int]:
        """The ids that a list finds."""
        items = self.result("crm.item.list", entityTypeId=entity_type_id, **params)["items"]
        return [item["id"] for item in items]

    def batch(self, commands: Any, halt: int = 0) -> Json:
        """A batch; its five maps."""
        outcomes: Json = self.result("batch", halt=halt, cmd=commands)
        return outcomes

    def control(self, path: str, body: Json) -> Json:
        """A control that must work."""
        response = self.web.post(f"/control/{path}", json=body)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def fault(self, kind: str, system: str = "bitrix24", **more: Any) -> Json:
        """Switch a fault on, for one call unless told otherwise."""
        dose = {} if "rate" in more or "times" in more else {"times": 1}
        return self.control("faults", {"system": system, "kind": kind, **dose, **more})

    def held(self, entity_type_id: int) -> list[Json]:
        """All items of a kind, as the sandbox keeps them."""
        response = self.web.get("/control/crm/items", params={"entity_type_id": entity_type_id})
        items: list[Json] = response.json()["items"]
        return items

    def journal(self, **filters: str) -> list[Json]:
        """Entries of the journal."""
        entries: list[Json] = self.web.get("/control/journal", params=filters).json()["items"]
        return entries

    def person(self, **more: Any) -> Json:
        """A contact with a name."""
        return self.add(CONTACT, **{"name": "Анна", "lastName": "Ковалёва", **more})

    def contract(self, **more: Any) -> Json:
        """A deal in the funnel of autopays."""
        return self.add(DEAL, **{"title": "Договор № 2026-0147", "categoryId": 1, "opportunity": 300, **more})


def phone(value: str, kind: str = "WORK") -> Json:
    """A phone for `fm`."""
    return {"typeId": "PHONE", "valueType": kind, "value": value}


def mail(value: str, kind: str = "WORK") -> Json:
    """An address for `fm`."""
    return {"typeId": "EMAIL", "valueType": kind, "value": value}
