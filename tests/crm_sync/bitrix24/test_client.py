"""One call of the portal: it ends in time and takes no more than it can hold, whatever the portal goes on writing."""

from __future__ import annotations

import time

import pytest

from crm_sync.bitrix24 import client
from crm_sync.bitrix24.client import call
from crm_sync.port import Uncertain
from tests.payments.gateway.test_deadlines import HEAD, Dripping

pytestmark = pytest.mark.committed


def test_an_answer_that_comes_byte_by_byte_is_given_up_at_the_deadline(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_DEADLINE_S", 1.0)
    portal = Dripping(HEAD + b"Content-Length: 1000\r\n\r\n{")
    began = time.monotonic()
    with pytest.raises(Uncertain):
        call(portal.url.rstrip("/"), "batch", {}, not_after=began + 60)
    assert time.monotonic() - began < 10
    portal.close()


def test_an_answer_that_does_not_end_is_given_up(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_LARGEST_BODY", 20)
    portal = Dripping(HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 50)
    with pytest.raises(Uncertain, match="16"):
        call(portal.url.rstrip("/"), "batch", {}, not_after=time.monotonic() + 60)
    portal.close()
