"""What deploy/ and compose.yaml name is really there: commands, settings, secrets. No container is started here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kernel.settings import PREFIX, Settings
from portal.cli import app
from tests.support.source import ROOT

UNITS = ROOT / "deploy" / "systemd"
COMMANDS = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
FILLED_IN = {
    "KABINET_BASE_URL": "https://pay.example.com",
    "KABINET_YOOKASSA_SHOP_ID": "100500",
    "KABINET_MAIL_FROM": "Кабинет <kabinet@example.com>",
}
BY_HAND = {"yookassa_secret_key": "live_key", "smtp_url": "smtps://kabinet:password@mail.example.com:465"}
# Of the demo and of tests.
NOT_HERE = {"KABINET_CLOCK_URL", "KABINET_YOOKASSA_API_URL"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def processes(composed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run Kabinet itself."""
    return {name: one for name, one in composed["services"].items() if one["image"].startswith("kabinet:")}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """What deploy/make-secrets makes, filled in as it asks."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "make-secrets", tmp_path / "deploy")
    told = [
        subprocess.run([tmp_path / "deploy" / "make-secrets"], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert re.findall(r"secrets/(\w+)", told[-1]) == list(BY_HAND)
    for name, value in BY_HAND.items():
        (tmp_path / "secrets" / name).write_text(f"{value}\n", encoding="utf-8")
    return tmp_path / "secrets"


def given(value: str) -> str:
    """A value of compose.yaml as Compose fills it in."""

    def fill(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        return FILLED_IN[name] if kind == "?" else FILLED_IN.get(name, rest)

    return _VARIABLE.sub(fill, value)


def test_the_services_are_those_that_the_product_consists_of(composed: dict[str, Any]) -> None:
    assert set(composed["services"]) == {"postgres", "valkey", "migrate", "web", "worker", "scheduler"}


def test_each_process_runs_a_command_that_there_is(processes: dict[str, dict[str, Any]]) -> None:
    started = {one["command"][0] for one in processes.values()}
    checked = {one["healthcheck"]["test"][2] for one in processes.values() if "kabinet" in str(one.get("healthcheck"))}
    units = "".join(path.read_text("utf-8") for path in sorted(UNITS.iterdir()))
    by_systemd = {name for name in re.findall(r"kabinet@(\w+)", units) if name != "service"}

    assert started == {"migrate", "serve", "worker", "scheduler"}
    assert by_systemd == {"serve", "worker", "scheduler"}
    assert started | checked | by_systemd <= COMMANDS


def test_each_process_gets_settings_that_it_starts_with(processes: dict[str, dict[str, Any]], secrets: Path) -> None:
    code = "from kernel.settings import get_settings; s = get_settings(); print(s.database_url, len(s.secret_key))"
    password = (secrets / "postgres_password").read_text("utf-8").strip()
    for one in processes.values():
        environment = {
            name: given(value).replace("/run/secrets", str(secrets)) for name, value in one["environment"].items()
        }
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert run.stdout.split() == [f"postgresql+psycopg://kabinet:{password}@postgres:5432/kabinet", "48"], (
            run.stderr
        )


def test_each_setting_can_be_set_and_each_secret_is_mounted(
    composed: dict[str, Any], processes: dict[str, dict[str, Any]], secrets: Path
) -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for one in composed["services"].values():
        read = {
            value.removeprefix("/run/secrets/")
            for value in one.get("environment", {}).values()
            if value.startswith("/run/secrets/")
        }
        assert read == set(one.get("secrets", ()))
    for one in processes.values():
        assert {name.removesuffix("_FILE") for name in one["environment"]} == known - NOT_HERE
    assert {path.name for path in secrets.iterdir()} == set(composed["secrets"])


def test_secrets_and_backups_are_neither_committed_nor_built_into_the_image() -> None:
    uncommitted = {"/secrets/", ".env", "*.dump", "*.dump.part"}
    unbuilt = {"secrets", ".env", "**/*.dump", "**/*.dump.part"}  # a pattern of Docker's is that of the root alone
    assert uncommitted <= set((ROOT / ".gitignore").read_text("utf-8").splitlines())
    assert unbuilt <= set((ROOT / ".dockerignore").read_text("utf-8").splitlines())


def test_nothing_committed_is_a_link() -> None:
    listed = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert [line for line in listed.stdout.splitlines() if line.startswith("120000")] == []


def test_the_image_backs_up_with_programs_of_the_servers_version(composed: dict[str, Any]) -> None:
    version = composed["services"]["postgres"]["image"].partition(":")[2]

    assert f"postgresql-client-{version}" in (ROOT / "deploy" / "Dockerfile").read_text("utf-8")


def test_the_folder_of_secrets_is_its_owners_alone(secrets: Path) -> None:
    assert secrets.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/make-secrets", "deploy/systemd"])
def test_the_documents_lead_to_the_files(file: str) -> None:
    assert file in (ROOT / "docs" / "running.md").read_text("utf-8")


@pytest.mark.parametrize("file", ["README.md", "docs/running.md", "docs/settings.md"])
def test_a_redis_of_ones_own_is_asked_for_as_compose_sets_it(composed: dict[str, Any], file: str) -> None:
    ours = composed["services"]["valkey"]["command"][1:]
    for option in ("appendonly", "maxmemory-policy"):
        value = ours[ours.index(f"--{option}") + 1]
        assert f"`{option} {value}`" in (ROOT / file).read_text("utf-8")
