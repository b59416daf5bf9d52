"""The database that a peer is given, as Django wants to hear it."""

from __future__ import annotations

import os

from psycopg.conninfo import conninfo_to_dict

_WHERE = conninfo_to_dict(os.environ["PEER_DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _WHERE["dbname"],
        "USER": _WHERE["user"],
        "HOST": _WHERE["host"],
        "PORT": _WHERE["port"],
    }
}
