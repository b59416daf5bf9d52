"""`kabinet backup`: everything that PostgreSQL holds, at one moment, in one file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from kernel.db import engine
from kernel.errors import KabinetError, Refused
from portal.backup.programs import address, environment, find_program
from portal.revisions import require_tables


class BackupFailed(KabinetError):
    """PostgreSQL's program gave up; the text is what it said."""


def back_up(file: Path) -> int:
    """Write a dump of the database into a new file that only its owner may read; return its size in bytes.

    The product may go on working meanwhile: the dump shows one moment. A file under that name appears only when whole.

    Raises:
        Refused: there is such a file or folder already, no such folder to put it into, no program to dump with, or nothing of ours to dump.
        BackupFailed: the dump could not be made; nothing is left of it.
    """
    if file.is_dir():
        raise Refused(f"{file}: это папка, назовите файл в ней")
    if file.exists():
        raise Refused(f"{file}: такой файл уже есть")
    if not file.absolute().parent.is_dir():
        raise Refused(f"{file}: нет такой папки")
    with engine().connect() as connection:
        require_tables(connection)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        _dump(part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def _dump(into: Path) -> None:
    program = find_program("pg_dump")
    command = [program, "--format=custom", "--no-owner", "--no-privileges", f"--file={into}", f"--dbname={address()}"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupFailed(f"копия не сделана: {done.stderr.strip()}")
