""".env.example works as README says: copied, filled in, loaded by a shell or by systemd."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
FILLED_IN = {
    "SECRET_KEY": 'a $ecret with "quotes" and a # of 32 characters',
    "ENCRYPTION_KEY": "YS1rZXktZm9yLXRlc3RzLW9mLTMyLWJ5dGVzLWxvbmc=",
    "YOOKASSA_SHOP_ID": "100500",
    "YOOKASSA_SECRET_KEY": "live_key",
    "YOOKASSA_WEBHOOK_SECRET": "guess-me",
}
LOADED_BY_A_SHELL = 'set -a; . ./.env; set +a; exec "$0" -c "{code}"'
CODE = "from kernel.settings import get_settings; print(get_settings().model_dump_json())"


@pytest.fixture
def filled_in(tmp_path: Path) -> Path:
    text = EXAMPLE
    for name, value in FILLED_IN.items():
        assert text.count(f"\n{PREFIX}{name}=''\n") == 1, name
        text = text.replace(f"\n{PREFIX}{name}=''\n", f"\n{PREFIX}{name}='{value}'\n")
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_shell_loads_the_filled_in_example(filled_in: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    loaded = subprocess.run(
        ["sh", "-c", LOADED_BY_A_SHELL.format(code=CODE), sys.executable],
        cwd=filled_in,
        env=bare | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    settings = json.loads(loaded.stdout)
    assert settings["mail_from"] == "Кабинет <kabinet@example.com>"
    assert {name: settings[name.lower()] for name in FILLED_IN} == FILLED_IN


def test_what_must_be_set_stands_in_the_example_and_what_is_commented_out_is_the_default() -> None:
    given = dict(re.findall(rf"^{PREFIX}([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    assert required <= {name.lower() for name in given}
    for name, shown in re.findall(rf"^# {PREFIX}([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE):
        default = Settings.model_fields[name.lower()].default
        assert shown.strip("'") == (",".join(default) if isinstance(default, tuple) else str(default)), name
