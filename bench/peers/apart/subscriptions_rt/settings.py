"""Django's settings with django-subscriptions-rt alone."""

from __future__ import annotations

from database import DATABASES

__all__ = ["DATABASES"]

SECRET_KEY = "signs nothing here"  # noqa: S105
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "subscriptions"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Its migrations end in three leaves, which Django refuses: all tables are made from the models.
MIGRATION_MODULES = {"contenttypes": None, "auth": None, "subscriptions": None}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "subscriptions": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "subscriptions"},
}
SUBSCRIPTIONS_PAYMENT_PROVIDERS = ["subscriptions_rt.provider.Stub"]
