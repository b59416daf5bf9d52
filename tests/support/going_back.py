"""A backup of a test's database, made at one moment and gone back to at another."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from kernel import db
from payments.stops.keeping import keep_memory
from portal.backup.dumping import back_up
from portal.backup.programs import address, environment, find_program
from portal.backup.restoring import restore
from portal.checks import check_start
from portal.demo.engines import plain, sibling
from portal.demo.postgres import create_database, drop_database
from tests.support.servers import use_database


@dataclass
class Backup:
    """The dump, and the empty database that it will be restored into."""

    file: Path
    original: str
    name: str

    def make(self) -> None:
        """Dump the database as it is now."""
        back_up(self.file)

    def go_back(self) -> None:
        """Restore the dump elsewhere, and go on there."""
        use_database(sibling(self.original, self.name))
        restore(self.file)

    def put_back(self) -> None:
        """Bring the rows of the dump back into the very database that they came from, as a snapshot would."""
        db.dispose()
        options = ["--clean", "--if-exists", "--no-owner", f"--dbname={address()}", str(self.file)]
        subprocess.run([find_program("pg_restore"), *options], env=environment(), check=True, capture_output=True)
        db.dispose()

    def forget(self) -> None:
        """Leave the restored database as if it had never been, so that one can go back once more."""
        use_database(self.original)
        server = plain(sibling(self.original, "postgres"))
        drop_database(server, self.name)
        create_database(server, self.name)


@contextmanager
def a_backup(original: str, folder: Path) -> Iterator[Backup]:
    """Room for one backup of this database, which runs with a whole memory of stops; afterwards it is in use again."""
    check_start()
    keep_memory()
    server = plain(sibling(original, "postgres"))
    name = f"restored_{os.getpid()}_{uuid4().hex[:8]}"
    create_database(server, name)
    yield Backup(folder / "kabinet.dump", original, name)
    use_database(original)
    drop_database(server, name)
