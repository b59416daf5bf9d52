"""Public legal texts."""

from __future__ import annotations

import pytest

from tests.portal.web.entry.conftest import Browser


@pytest.mark.parametrize("slug", ["offer", "personal-data", "privacy", "marketing", "autopay"])
def test_everybody_may_read_a_text_in_force_and_by_edition(browser: Browser, slug: str) -> None:
    for path in (f"/documents/{slug}", f"/documents/{slug}/1"):
        page = browser().get(path)
        assert page.status_code == 200
        assert "ООО «Тёплый контур»" in page.text
        assert "1 сентября 2025" in page.text


@pytest.mark.parametrize("path", ["/documents/none", "/documents/offer/2", "/documents/offer/x"])
def test_a_text_that_is_not_there_is_not_found(browser: Browser, path: str) -> None:
    assert browser().get(path).status_code == 404
