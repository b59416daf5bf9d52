"""Every template compiles, finds what it names, and obeys the Content-Security-Policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, meta, nodes

from portal.web.kit.render import environment
from tests.support.source import ROOT

TEMPLATES = ROOT / "templates"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*") if path.is_file())
# Letters are read in mail programs: styles there are inlined, and no policy applies.
PAGES = [name for name in NAMES if name.endswith(".html") and not name.startswith("emails/")]
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)
ELSEWHERE = re.compile(r"""\b(?:src|href|action)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE)


@pytest.fixture(scope="module")
def templates() -> Environment:
    return environment()


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles_with_known_filters_and_macros(templates: Environment, name: str) -> None:
    templates.get_template(name)
    tree = templates.parse((TEMPLATES / name).read_text(encoding="utf-8"))

    for referenced in meta.find_referenced_templates(tree):
        assert referenced is None or (TEMPLATES / referenced).is_file(), f"{name} names {referenced}"
    for attribute in tree.find_all(nodes.Getattr):
        if isinstance(attribute.node, nodes.Name) and attribute.node.name == "kit":
            assert hasattr(templates.globals["kit"], attribute.attr), f"{name} names kit.{attribute.attr}"
    # A filter inside a condition is looked up only when it is reached: it would compile and break the page then.
    unknown = {found.name for found in tree.find_all(nodes.Filter)} - templates.filters.keys()
    assert not unknown, f"{name} names {unknown}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_holds_no_inline_script_or_style(name: str) -> None:
    text = (TEMPLATES / name).read_text(encoding="utf-8")

    assert INLINE.findall(text) == []
    assert ELSEWHERE.findall(text) == [], "a page loads nothing from another host"


def test_styles_and_scripts_load_nothing_from_another_host() -> None:
    own = [
        path for path in (ROOT / "static").rglob("*") if path.suffix in {".css", ".js"} and "vendor" not in path.parts
    ]

    assert [path.name for path in own if re.search(r"https?://", _without_comments(path))] == []


def _without_comments(path: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
