from __future__ import annotations

import gzip
import hashlib
import re
import tomllib
from typing import Any

import pytest
from starlette.testclient import TestClient

from portal.web.kit import assets

STATIC = assets.STATIC
PACKAGES: list[dict[str, Any]] = tomllib.loads((STATIC / "vendor" / "VENDOR.toml").read_text("utf-8"))["package"]
FIRST_LOAD_LIMIT = 120_000
# Classes that a macro puts together from a tone, a kind or a size.
MADE_BY_MACROS = ("age-", "alert-", "art-", "btn-", "pill-", "sum-")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_vendored_files_are_byte_for_byte_those_of_the_manifest(package: dict[str, Any]) -> None:
    folder = assets.ROOT / package.get("place", "static/vendor") / package["folder"]
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert hashes == {name: file["sha256"] for name, file in package["files"].items()}


def test_every_vendored_folder_is_in_the_manifest() -> None:
    folders = {path.name for path in (STATIC / "vendor").iterdir() if path.is_dir()}
    assert folders == {package["folder"] for package in PACKAGES if "place" not in package}


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (STATIC / "vendor" / "lucide-1.62.0" / "icons.svg").read_text("utf-8")
    known = set(re.findall(r'id="i-([\w-]+)"', sprite))
    templates = (path.read_text("utf-8") for path in (assets.ROOT / "templates").rglob("*.html"))
    named = {name for text in templates for name in re.findall(r'icon\("([\w-]+)"|icon="([\w-]+)"', text)}
    assert {name for pair in named for name in pair if name} <= known


def test_an_address_changes_with_the_content_and_may_be_kept_for_ever(client: TestClient) -> None:
    url = assets.asset_url("app.js")
    assert client.get(url).headers["cache-control"] == assets.FOREVER
    assert client.get("/static/app.js?v=old").headers["cache-control"] == assets.FOR_AN_HOUR
    font = "/static/vendor/onest-5.3.1/onest-latin-wght-normal.woff2"
    assert client.get(font).headers["cache-control"] == assets.FOREVER


def test_an_unchanged_file_is_not_sent_again(client: TestClient) -> None:
    tag = client.get("/static/app.js").headers["etag"]
    again = client.get("/static/app.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_text_is_sent_compressed(client: TestClient) -> None:
    compressed = client.get("/static/app.js")
    plain = client.get("/static/app.js", headers={"Accept-Encoding": "identity"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert compressed.content == plain.content


@pytest.mark.parametrize("name", ["none.css", "../pyproject.toml", "vendor/VENDOR.toml", "vendor/htmx-2.0.11/LICENSE"])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_the_style_sheet_is_one_file_that_asks_for_nothing_foreign(client: TestClient) -> None:
    css = client.get(assets.asset_url("css/kabinet.css")).text
    assert "@import" not in css
    urls = re.findall(r"url\(([^)]+)\)", css)
    assert all(url.startswith("../") for url in urls)
    assert all((STATIC / "css" / url).resolve().is_file() for url in urls)


def test_every_style_file_is_part_of_the_sheet() -> None:
    entry = (STATIC / "css" / "kabinet.css").read_text("utf-8")
    files = {path.name for path in (STATIC / "css").iterdir()} - {"kabinet.css"}
    assert set(re.findall(r'@import "([^"]+)"', entry)) == files


def test_every_class_of_the_sheet_is_used_by_a_template() -> None:
    css = "".join(path.read_text("utf-8") for path in (STATIC / "css").iterdir())
    rules = re.sub(r"/\*.*?\*/|url\([^)]*\)|@import[^;]*;", "", css, flags=re.DOTALL)
    classes = set(re.findall(r"\.([a-z][\w-]*)(?=[^{}]*\{)", rules))
    templates = (assets.ROOT / "templates").rglob("*.html")
    scripts = [STATIC / "app.js", *(assets.ROOT / "portal").rglob("*.py"), *(STATIC / "vendor").rglob("*.js")]
    words = {word for path in [*templates, *scripts] for word in re.findall(r"[\w-]+", path.read_text("utf-8"))}
    assert {name for name in classes - words if not name.startswith(MADE_BY_MACROS)} == set()


def test_the_first_load_of_a_page_is_small(client: TestClient) -> None:
    page = client.get("/pages/customer").text
    linked = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    css = client.get(assets.asset_url("css/kabinet.css")).text
    linked |= {f"/static/{url.removeprefix('../')}" for url in re.findall(r"url\((\.\./[^)]+)\)", css)}
    total = len(gzip.compress(page.encode()))
    for url in linked:
        answer = client.get(url)
        total += int(answer.headers["content-length"])
    assert total <= FIRST_LOAD_LIMIT
