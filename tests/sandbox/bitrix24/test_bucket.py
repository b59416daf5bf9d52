"""The leaky bucket: item 4 of the fidelity list."""

from __future__ import annotations

from tests.sandbox.bitrix24.portal import CONTACT, Portal


def test_a_new_portal_takes_fifty_at_once_and_two_a_second(portal: Portal) -> None:
    portal.control("reset", {})
    shown = portal.web.get("/control/crm").json()
    assert (shown["bucket"], shown["per_second"], shown["sources"]) == (50, 2, [])


def test_what_overflows_the_bucket_is_refused_and_does_nothing(portal: Portal) -> None:
    portal.control("crm", {"bucket": 5, "per_second": 0})

    answers = [portal.send("crm.item.add", {"entityTypeId": 3, "fields": {"name": "Анна"}}) for _ in range(8)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [503] * 3
    assert answers[-1].json() == {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}
    assert len(portal.held(CONTACT)) == 5
    assert [entry["status"] for entry in portal.journal(system="bitrix24")] == [200] * 5 + [503] * 3


def test_the_bucket_runs_out_in_virtual_time(portal: Portal) -> None:
    portal.control("crm", {"bucket": 2, "per_second": 0.001})
    assert [portal.send("scope").status_code for _ in range(3)] == [200, 200, 503]

    portal.control("clock", {"jump": "PT17M"})
    assert [portal.send("scope").status_code for _ in range(2)] == [200, 503]

    portal.control("clock", {"jump": "P1M"})
    assert [portal.send("scope").status_code for _ in range(3)] == [200, 200, 503]


def test_a_batch_is_one_request(portal: Portal) -> None:
    portal.control("crm", {"bucket": 2, "per_second": 0})
    portal.batch({str(number): "scope" for number in range(50)})
    portal.batch({"a": "scope"})
    assert portal.send("scope").status_code == 503


def test_the_share_of_the_ceiling_is_shown(portal: Portal) -> None:
    portal.control("crm", {"bucket": 10, "per_second": 0})
    for _ in range(12):
        portal.send("scope")

    [source] = portal.web.get("/control/crm").json()["sources"]

    assert (source["admitted"], source["refused"], source["ceiling"], source["share"]) == (10, 2, 10.0, 1.0)

    portal.control("crm", {"bucket": 10, "per_second": 1})
    portal.send("scope")
    portal.control("clock", {"jump": "PT30S"})
    portal.send("scope")
    [source] = portal.web.get("/control/crm").json()["sources"]
    assert 30 <= source["seconds"] < 35
    assert source["ceiling"] == round(10 + source["seconds"], 1)

    portal.control("crm", {"bucket": 10})
    assert portal.web.get("/control/crm").json()["sources"] == []


def test_wrong_settings_are_refused(portal: Portal) -> None:
    wrong = ({"bucket": -1}, {"per_second": "x"}, {"moon": 1}, {"operating": 1}, {"events": "x"}, {"pause_most_s": 61})
    for body in wrong:
        refused = portal.web.post("/control/crm", json=body)
        assert refused.status_code == 400, body
        assert refused.json()["error"]
