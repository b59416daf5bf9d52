"""`kabinet restore`: a dump goes into an empty database, and nobody is charged from it before it is reconciled.

What happened after the dump is not in it: a charge of yesterday looks due again. So the pause is put up in the very
transaction in which the rows appear, whose COMMIT is the last that we send (psql's own single transaction commits
whatever had arrived when we are killed), and the database is marked as one that lies elsewhere: whoever comes to it next
asks for a reconciliation and for the stops that were made after the dump (payments.installation.copies).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import IO

from sqlalchemy import text

from kernel.clock import business_now
from kernel.db import begin, engine
from kernel.errors import KabinetError, Refused
from kernel.fault import fault
from payments.installation.copies import REASON, pause_in_a_copy
from portal.backup.programs import address, environment, find_program
from portal.migrating import migrate
from portal.revisions import known_revisions

_REVISION = re.compile(r"^COPY public\.alembic_version .*?\n(\S+)$", re.MULTILINE)
_BEGIN = b"BEGIN;\n"
_STAND_STILL = f"""
UPDATE public.installation
SET charging_paused = true, pause_reason = coalesce(pause_reason, '{REASON}'), fingerprint = '{{"restored": true}}';
COMMIT;
"""  # noqa: S608  our own words


class RestoreFailed(KabinetError):
    """The dump could not be restored, and the database is as it was; the text is what PostgreSQL said."""


def restore(file: Path) -> None:
    """Restore a dump into the empty database of the settings, bring it up to this version, and pause all charging.

    Raises:
        Refused: no such file, no dump of ours, one of a later version, or the database is not empty.
        RestoreFailed: PostgreSQL refused the dump; nothing is restored.
    """
    if not file.is_file():
        raise Refused(f"{file}: нет такого файла")
    revision = _revision_of(file)
    if revision not in known_revisions():
        raise Refused(f"{file}: копия сделана более новой версией программы ({revision})")
    if not _is_empty():
        raise Refused("база данных не пуста: назовите в KABINET_DATABASE_URL новую, пустую")
    _restore(file)
    migrate()
    with begin() as session:
        pause_in_a_copy(session, now=business_now(session))
    _count_rows()


def _revision_of(file: Path) -> str:
    said = _read_dump(file, "--data-only", "--table=alembic_version")
    found = _REVISION.search(said)
    if found is None:
        raise Refused(f"{file}: это не копия базы этой программы")
    return found[1]


def _read_dump(file: Path, *options: str) -> str:
    done = subprocess.run(
        [find_program("pg_restore"), *options, "--file=-", str(file)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"{file}: это не копия базы, или файл обрывается: {done.stderr.strip()}")
    return done.stdout


def _is_empty() -> bool:
    with engine().connect() as connection:
        return not connection.execute(text("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1")).first()


def _restore(file: Path) -> None:
    reading = [find_program("pg_restore"), "--no-owner", "--no-privileges", "--no-comments", "--file=-", str(file)]
    writing = [find_program("psql"), "--no-psqlrc", "--quiet", f"--dbname={address()}"]
    with (
        subprocess.Popen(reading, stdout=subprocess.PIPE) as reader,
        subprocess.Popen(
            [*writing, "--set=ON_ERROR_STOP=1", "--output=/dev/null"],
            env=environment(),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as writer,
    ):
        assert reader.stdout is not None and writer.stdin is not None and writer.stderr is not None  # noqa: PT018  pipes
        whole = _pass_on(reader, writer.stdin)
        said = writer.stderr.read().decode(errors="replace").strip()
    if not whole or writer.returncode:
        # Killed by us or cut off, it is not what failed.
        is_cut = reader.returncode > 0
        raise RestoreFailed(
            f"копия не восстановлена, база осталась пустой: {'файл обрывается' if is_cut else said or 'её чтение прервано'}"
        )


def _count_rows() -> None:
    # A dump brings no statistics, and until autovacuum comes the first reconciliation would be planned blindly.
    with begin() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("ANALYZE"))


def _pass_on(reader: subprocess.Popen[bytes], into: IO[bytes]) -> bool:
    """Whether the dump was read to its end and followed by the standstill; else the transaction is rolled back."""
    assert reader.stdout is not None
    try:
        with into:
            into.write(_BEGIN)
            shutil.copyfileobj(reader.stdout, into)
            if reader.wait():
                return False
            fault("restore.before_standstill")
            into.write(_STAND_STILL.encode())
    except BrokenPipeError:  # the other end has said why
        reader.kill()
        return False
    return True
