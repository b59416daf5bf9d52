"""A form that creates something: two presses of its button are one act."""

from __future__ import annotations

from uuid import UUID

import wtforms

from kernel.ids import uuid7
from portal.web.kit.forms import Form


class KeyedForm(Form):
    """`key` is made with the page and becomes the id of what the form creates."""

    key = wtforms.HiddenField(default=lambda: str(uuid7()))

    @property
    def act(self) -> UUID:
        """The key; a form that came without one of ours is an act of its own."""
        try:
            return UUID(self.key.data or "")
        except ValueError:
            return uuid7()
