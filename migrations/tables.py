"""Every table of the product: importing a module that declares tables is what fills the metadata."""

from __future__ import annotations

import importlib
import pkgutil

from sqlalchemy import MetaData

from kernel.db import Base

# kernel declares tables beside their verbs; the others in modules named `models`.
_EVERYWHERE = "kernel"
_PACKAGES = ("kernel", "payments", "portal", "crm_sync")


def all_tables() -> MetaData:
    """The metadata with the tables of all packages."""
    for package in _PACKAGES:
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            if package == _EVERYWHERE or module.name.endswith(".models"):
                importlib.import_module(module.name)
    return Base.metadata
