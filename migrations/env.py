"""Alembic's entry: the database comes from the settings, the models from every package that has them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from alembic import context

from kernel.db import Base, engine

ROOT = Path(__file__).parent.parent
PACKAGES = ("kernel", "payments", "portal", "crm_sync")


def import_models() -> None:
    """Import each `models.py` and the kernel's tables, so that the metadata is whole."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("models.py")):
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    import_module("kernel.clock")
    import_module("kernel.outbox")


import_models()
with engine().connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
