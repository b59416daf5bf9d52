"""The forms about employees."""

from __future__ import annotations

import wtforms
from wtforms.validators import InputRequired

from portal.web.entry.forms import email_field, name_field
from portal.web.kit.forms import Form, options
from portal.web.kit.guards import ROLE_WORDS
from portal.web.kit.i18n import lazy_gettext as _


def _role_field() -> wtforms.RadioField:
    return wtforms.RadioField(
        _("Роль"), [InputRequired(_("Выберите роль"))], choices=options([*ROLE_WORDS.items()]), validate_choice=True
    )


class InvitationForm(Form):
    """Who is invited, and as what."""

    name = name_field()
    email = email_field(_("Рабочая почта"))
    role = _role_field()


class RoleForm(Form):
    """Another role."""

    role = _role_field()
