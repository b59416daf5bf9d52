"""The filter of letters as a form in the address. An unknown state or kind filters nothing."""

from __future__ import annotations

from datetime import timedelta

import wtforms

from kernel.clock import start_of
from portal.notifications.kinds import KINDS
from portal.notifications.queries import OutboxFilter
from portal.web.kit.fields import DateField
from portal.web.kit.forms import Form
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.words import WORDS
from portal.web.staff.queries.search import searchable

_ONE_DAY = timedelta(days=1)


class LettersForm(Form):
    """What the list of letters can be narrowed by."""

    q = wtforms.StringField(_("Адрес, тема или клиент"), filters=[searchable])
    status = wtforms.StringField(filters=[lambda text: text if text in WORDS["message"] else ""])
    kind = wtforms.StringField(_("О чём"), filters=[lambda text: text if text in KINDS else ""])
    first_on = DateField(_("С даты"))
    last_on = DateField(_("По дату"))

    def check(self) -> bool:
        """Validate, with what depends on two fields."""
        good = self.validate()
        first_on, last_on = self.first_on.data, self.last_on.data
        if first_on and last_on and last_on < first_on:
            self.refuse("last_on", gettext("Последний день раньше первого"))
            return False
        return good

    @property
    def kinds(self) -> dict[str, str]:
        """The kinds of letters in words."""
        return dict(KINDS)

    @property
    def wanted(self) -> OutboxFilter:
        """The filter of a form that has been checked."""
        first_on, last_on = self.first_on.data, self.last_on.data
        return OutboxFilter(
            self.q.data or "",
            self.status.data or "",
            self.kind.data or "",
            start_of(first_on) if first_on else None,
            start_of(last_on + _ONE_DAY) if last_on else None,
        )
