"""The form of a note about a customer."""

from __future__ import annotations

import wtforms

from portal.notes.writing import LONGEST
from portal.web.kit.forms import at_most, required
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.staff.keyed_form import KeyedForm
from portal.web.staff.typed import plain_text


class NoteForm(KeyedForm):
    """A few words for colleagues."""

    text = wtforms.TextAreaField(
        _("Заметка"), [required(_("Напишите заметку")), at_most(LONGEST)], filters=[plain_text]
    )
