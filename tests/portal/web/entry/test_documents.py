"""Public legal texts."""

from __future__ import annotations

import re

from portal.legal.editions import SLUGS
from tests.portal.web.entry.conftest import Browser


def test_everybody_may_read_a_text_in_force_and_by_edition(browser: Browser) -> None:
    visitor = browser()

    for slug in SLUGS:
        for path in (f"/documents/{slug}", f"/documents/{slug}/1"):
            page = visitor.get(path)
            assert page.status_code == 200, path
            assert "ООО «Тёплый контур»" in page.text
            assert re.search(r"действует с <time[^>]*>1 (сентября|октября) 2025</time> года", page.text), path


def test_a_text_that_is_not_there_is_not_found(browser: Browser) -> None:
    visitor = browser()

    for path in ("/documents/none", "/documents/offer/3", "/documents/offer/x"):
        assert visitor.get(path).status_code == 404, path
