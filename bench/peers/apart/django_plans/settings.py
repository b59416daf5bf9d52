"""Django's settings with django-plans and its payments."""

from __future__ import annotations

from datetime import timedelta

from database import DATABASES

__all__ = ["DATABASES"]

SECRET_KEY = "signs nothing here"  # noqa: S105
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "ordered_model",
    "sequences",
    "payments",
    "plans",
    "plans_payments",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
PAYMENT_HOST = "localhost"
PAYMENT_MODEL = "plans_payments.Payment"
PAYMENT_VARIANTS = {"stub": ("django_plans.provider.Stub", {})}
PLANS_CURRENCY = "RUB"
PLANS_TAXATION_POLICY = "plans.taxation.ru.RussianTaxationPolicy"
PLANS_INVOICE_ISSUER = {
    "issuer_name": "ООО «Тёплый контур»",
    "issuer_street": "ул. Ленина, 1",
    "issuer_zipcode": "101000",
    "issuer_city": "Москва",
    "issuer_country": "RU",
    "issuer_tax_number": "5000123456",
}
PLANS_AUTORENEW_SCHEDULE = [timedelta(days=1)]
# No letters: the charge run that it stands beside sends none either.
SEND_PLANS_EMAILS = False
PLANS_SEND_EMAILS_DISABLED_INVOICE_TYPES = [1, 2, 3, 4]
