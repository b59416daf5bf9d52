"""What was sent to the gateway, as employees may see it: without the saved card's token and the address of the way back."""

from __future__ import annotations

import json

# What says which payment was asked for. Whatever else a body may hold one day is not shown until it is named here.
_SHOWN = ("amount", "capture", "description", "metadata", "save_payment_method")
_HIDDEN = "•••"


def request_for_staff(body: str) -> str:
    """The stored body in lines; empty for a payment that was not sent by us."""
    if not body:
        return ""
    sent = json.loads(body)
    shown = {name: sent[name] if name in _SHOWN else _HIDDEN for name in sent}
    return json.dumps(shown, ensure_ascii=False, indent=2)
