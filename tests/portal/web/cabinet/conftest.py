"""The cabinet as browsers see it, with a real database behind it and a real sandbox as the gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from kernel.settings import get_settings
from portal.web.cabinet.routes import router
from portal.web.kit.frame import Brand, Kit
from portal.web.kit.install import install_kit
from tests.portal.web.cabinet.story import Cabinet, Visitor, open_cabinet
from tests.support.world import World

BRAND = Brand("Тёплый контур", "ООО «Тёплый контур»", "5000123456", "+78000000017")


@pytest.fixture
def app() -> FastAPI:
    """The cabinet alone, in the kit."""
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    install_kit(app, Kit(settings=get_settings(), brand=lambda: BRAND, beat=lambda: None))
    return app


@pytest.fixture
def cabinet(world: World, app: FastAPI) -> Iterator[Cabinet]:
    """A company that sells one product once and monthly."""
    with open_cabinet(app, world) as found:
        yield found


@pytest.fixture
def anna(cabinet: Cabinet) -> Visitor:
    """A customer who is signed in."""
    return cabinet.visitor("Анна Ковалёва", "anna@example.com")


@pytest.fixture
def boris(cabinet: Cabinet) -> Visitor:
    """Somebody else."""
    return cabinet.visitor("Борис Чужой", "boris@example.com")
