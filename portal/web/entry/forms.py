"""The forms of entry and of the person's own settings."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

import wtforms
from wtforms.validators import Optional, ValidationError

from portal.accounts.errors import WeakPassword
from portal.accounts.passwords import LONGEST, refuse_weak
from portal.web.kit.fields import EmailField, PhoneField
from portal.web.kit.forms import Form, at_most, required, ticked
from portal.web.kit.i18n import lazy_gettext as _

_LONGEST_NAME = 200
_LONGEST_ADDRESS = 254
_LONGEST_CODE = 40


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _one_line(_form: wtforms.Form, field: wtforms.Field) -> None:
    # A name goes into letters' headers and into other systems: no line breaks, no invisible controls.
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in field.data or ""):
        raise ValidationError(_("Уберите переносы строк и невидимые знаки"))


def _short_enough(_form: wtforms.Form, field: wtforms.Field) -> None:
    if len(field.data or "") > LONGEST:
        raise ValidationError(_("Слишком длинный пароль: не больше 128 знаков"))


def name_field() -> wtforms.StringField:
    """How to call a person; one line."""
    return wtforms.StringField(
        _("Имя и фамилия"),
        [required(_("Введите имя и фамилию")), at_most(_LONGEST_NAME), _one_line],
        filters=[_stripped],
    )


def email_field(label: str) -> EmailField:
    """A person's address."""
    return EmailField(label, [required(_("Введите почту")), at_most(_LONGEST_ADDRESS)])


def _phone_field() -> PhoneField:
    return PhoneField(_("Телефон"), [Optional()])


def fit_password(form: Form, *, personal: Iterable[str]) -> bool:
    """Whether the new password in `password` is not easy to guess; if it is, the field says why.

    An empty one is told of by the field itself.
    """
    field = form["password"]
    if not field.data or field.errors:
        return False
    try:
        refuse_weak(str(field.data), personal=personal)
    except WeakPassword as weak:
        form.refuse("password", str(weak))
        return False
    return True


def ask_passwords_again(form: Form) -> None:
    """A page never brings a password back: where another field is wrong, say that it must be typed again."""
    for field in form:
        if isinstance(field, wtforms.PasswordField) and field.data and not field.errors:
            form.refuse(field.name, _("Введите пароль ещё раз: на странице он не сохраняется"))


class RegistrationForm(Form):
    """Who registers, and three separate boxes: none is ticked for the person, the last one is optional."""

    name = name_field()
    email = email_field(_("Почта"))
    phone = _phone_field()
    password = wtforms.PasswordField(_("Пароль"), [required(_("Придумайте пароль")), _short_enough])
    offer = wtforms.BooleanField(
        _("Условия"), [ticked(_("Без согласия с условиями кабинет открыть нельзя: отметьте, если согласны"))]
    )
    personal_data = wtforms.BooleanField(
        _("Персональные данные"),
        [ticked(_("Без согласия на обработку данных кабинет открыть нельзя: отметьте, если согласны"))],
    )
    marketing = wtforms.BooleanField(_("Рассылка"))


class LoginForm(Form):
    """An address or a phone, and the password."""

    login = wtforms.StringField(_("Почта или телефон"), [required(_("Введите почту или телефон"))], filters=[_stripped])
    password = wtforms.PasswordField(_("Пароль"), [required(_("Введите пароль")), _short_enough])
    remember = wtforms.BooleanField(_("Запомнить на этом устройстве"))


class StaffLoginForm(Form):
    """The same for employees, whom no device remembers."""

    login = wtforms.StringField(_("Почта"), [required(_("Введите почту"))], filters=[_stripped])
    password = wtforms.PasswordField(_("Пароль"), [required(_("Введите пароль")), _short_enough])


class CodeForm(Form):
    """A one-time code: six digits of the app, or a backup code."""

    code = wtforms.StringField(
        _("Код"), [required(_("Введите код из приложения")), at_most(_LONGEST_CODE)], filters=[_stripped]
    )


class EnrolForm(Form):
    """The first code of a new app, and what proves who adds it: the password, or a code of the earlier app."""

    current = wtforms.PasswordField(_("Нынешний пароль"), [required(_("Введите нынешний пароль")), _short_enough])
    earlier = wtforms.StringField(
        _("Код прежнего приложения или запасной код"),
        [required(_("Введите код прежнего приложения или запасной код")), at_most(_LONGEST_CODE)],
        filters=[_stripped],
    )
    code = wtforms.StringField(
        _("Код из приложения"),
        [required(_("Введите шесть цифр из приложения")), at_most(_LONGEST_CODE)],
        filters=[_stripped],
    )

    def ask(self, *, password: bool, earlier_code: bool) -> None:
        """Keep of the proofs only what is asked for."""
        for name, asked in (("current", password), ("earlier", earlier_code)):
            if not asked and name in self:
                del self[name]


class AddressForm(Form):
    """One address: to send a letter to."""

    email = email_field(_("Почта"))


class NewPasswordForm(Form):
    """A password to come."""

    password = wtforms.PasswordField(_("Новый пароль"), [required(_("Придумайте пароль")), _short_enough])


class ChangePasswordForm(Form):
    """The present password and the one to come."""

    current = wtforms.PasswordField(_("Нынешний пароль"), [required(_("Введите нынешний пароль")), _short_enough])
    password = wtforms.PasswordField(_("Новый пароль"), [required(_("Придумайте пароль")), _short_enough])


class ProfileForm(Form):
    """How to call and reach the person."""

    name = name_field()
    phone = _phone_field()


class ChangeAddressForm(Form):
    """Another address, by somebody who knows the password."""

    email = email_field(_("Новая почта"))
    current = wtforms.PasswordField(_("Нынешний пароль"), [required(_("Введите нынешний пароль")), _short_enough])
