"""Rights in words: docs/roles.md says what the code says."""

from __future__ import annotations

from portal.web.kit.guards import ROLE_WORDS
from portal.web.staff.roles import EVERYBODY, Right, all_rights
from tests.support.source import ROOT


def row(right: Right) -> str:
    return f"| {right.words} | " + " | ".join("да" if role in right else "" for role in EVERYBODY) + " |"


def test_the_document_is_the_table_of_the_code() -> None:
    lines = (ROOT / "docs" / "roles.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ")]

    assert table[0] == "| Право | " + " | ".join(str(ROLE_WORDS[role]) for role in EVERYBODY) + " |"
    assert table[1:] == [row(right) for right in all_rights()]


def test_an_owner_may_everything_and_a_viewer_only_look() -> None:
    assert all("owner" in right for right in all_rights())
    assert [right.words for right in all_rights() if "viewer" in right] == [all_rights()[0].words]
