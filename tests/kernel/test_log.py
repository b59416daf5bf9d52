"""Whatever is logged by whomever, no address, phone, card, token or password reaches the log of a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kernel import log

ROOT = Path(__file__).parents[2]
EMAIL, PHONE, CARD = "canary@example.com", "+7 916 123-45-67", "5555 5555 5555 4477"
PAYMENT = "01a1ff83-3eaa-7e7c-b030-c37e2a2de421"
SINGING = f"""
import logging
from kernel import log
log.configure("INFO")
bird = log.get("canary")
bird.info("keys", email="{EMAIL}", phone="{PHONE}", card="{CARD}", password="plum", token="tok", payment_id="{PAYMENT}")
bird.info("text", text="from {EMAIL} at {PHONE} with {CARD}")
logging.getLogger("somebody.else").warning("sent to %s by %s", "{EMAIL}", "{CARD}")
try:
    raise ValueError("no letter to {EMAIL}")
except ValueError:
    bird.exception("fell")
"""


@pytest.fixture(scope="module")
def printed() -> str:
    done = subprocess.run([sys.executable, "-c", SINGING], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stderr


def test_no_private_value_is_printed(printed: str) -> None:
    assert not [value for value in (EMAIL, PHONE, CARD, "plum", '"tok"') if value in printed]


def test_values_of_private_keys_are_hidden_and_ids_are_kept(printed: str) -> None:
    line = json.loads(printed.splitlines()[0])
    assert {line[name] for name in ("email", "phone", "card", "password", "token")} == {log.HIDDEN}
    assert line["payment_id"] == PAYMENT


def test_every_line_is_one_json_object_with_a_constant_event(printed: str) -> None:
    events = [json.loads(line)["event"] for line in printed.splitlines()]
    assert events == ["keys", "text", f"sent to {log.HIDDEN} by {log.HIDDEN}", "fell"]


def test_an_exception_keeps_its_shape(printed: str) -> None:
    assert "ValueError: no letter to [hidden]" in json.loads(printed.splitlines()[-1])["exception"]
