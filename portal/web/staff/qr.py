"""A QR code as SVG inside the page: no picture that a browser or a proxy would keep."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_svg(text: str, *, label: str) -> Markup:
    """Dark on white in either theme, as cameras want it; `label` is what a screen reader says.

    A screen has no dirt or folds, so the code spends nothing on correction and its squares are larger.
    """
    drawn = segno.make(text, error="l", micro=False).svg_inline(
        border=2, light="#fff", dark="#000", omitsize=True, svgclass="qr", lineclass=None
    )
    return Markup('<div class="qr-box" role="img" aria-label="{}">{}</div>').format(label, Markup(drawn))  # noqa: S704  drawn by segno: shapes only
