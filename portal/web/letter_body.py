"""The HTML of a letter, answered for a frame: nothing in it can run, load or send anything."""

from __future__ import annotations

from starlette.responses import HTMLResponse

# Letters carry their styles in the markup, as mail programs want it; nothing else is let in.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
# Links leave the frame: our pages refuse to be shown in one.
_BASE = '<base target="_top">'


def letter_body(html: str) -> HTMLResponse:
    """The letter as a document of its own, to be framed by the page that shows it."""
    headers = {"Content-Security-Policy": _POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(html.replace("<head>", f"<head>{_BASE}", 1), headers=headers)
