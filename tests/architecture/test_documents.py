"""What documents must name, they name; what nothing may name, nothing does."""

from __future__ import annotations

import re

import pytest
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.slack import SlackDetector

from kernel.settings import PREFIX, Settings
from tests.support.source import ROOT, tracked_files

# Hosts that the product, its tests or its documents have a reason to name.
HOSTS = re.compile(
    r"(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0|testserver"
    r"|(?:[\w-]+\.)*example\.(?:com|org|net|ru)|[\w.-]+\.(?:test|invalid|example)"
    r"|(?:[\w-]+\.)*yookassa\.ru|yoomoney\.ru"  # the gateway
    r"|(?:apidocs|company)\.bitrix24\.ru"  # the CRM
    r"|www\.w3\.org|www\.apache\.org"  # names of standards and of the licence
    r"|keepachangelog\.com|semver\.org"
    r"|(?:www\.)?postgresql\.org)(?::\d+)?"
)
# Texts of other people, taken over byte by byte.
VENDORED = ("static/vendor/", "tests/support/axe-", "LICENSE")
SECRETS = [
    pattern
    for detector in (AWSKeyDetector, GitHubTokenDetector, PrivateKeyDetector, SlackDetector)
    for pattern in detector.denylist
]
SECRETS.append(re.compile(r"\blive_[A-Za-z0-9_-]{20,}"))  # YooKassa's


def own_texts() -> list[tuple[str, str]]:
    texts = []
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(VENDORED) and path.suffix not in {".png", ".woff2", ".ico", ".pdf"}:
            texts.append((name, path.read_text(encoding="utf-8", errors="replace")))
    return texts


@pytest.mark.parametrize("document", [".env.example", "docs/settings.md"])
def test_every_setting_is_documented(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")

    assert [name for name in Settings.model_fields if f"{PREFIX}{name.upper()}" not in text] == []


def test_documents_name_no_setting_that_is_gone() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"^#? ?(KABINET_[A-Z0-9_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))

    assert named - known - {f"{name}_FILE" for name in known} == set()


def test_only_expected_hosts_are_named() -> None:
    found = [
        f"{name}: {host}"
        for name, text in own_texts()
        for host in re.findall(r"https?://(?:[^\s/@\"'<>]*@)?([\w.\[\]:-]+)", text)
        if "." in host.strip(".") and not HOSTS.fullmatch(host.rstrip(".:"))
    ]

    assert found == []


def test_no_lock_names_an_index() -> None:
    locks = list((ROOT / "requirements").glob("*.txt"))

    assert {lock.stem for lock in locks} == {"build", "runtime", "demo", "dev"}
    assert [
        lock.name for lock in locks if re.search(r"://|--(?:extra-)?index|--find-links", lock.read_text("utf-8"))
    ] == []


def test_no_secret_is_in_the_repository() -> None:
    found = [name for name, text in own_texts() for pattern in SECRETS if pattern.search(text)]

    assert found == []


def test_every_relative_link_of_the_documents_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in tracked_files()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]

    assert broken == []
