"""Routers whose functions get their transaction in the thread that runs them.

    router = Router()

    @router.get("/card")
    def show_card(request: Request, customer: CurrentCustomer, db: ReadDb) -> Response: ...

As a FastAPI dependency a transaction begins and ends in two threads of its own; to go there costs as much as a query.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

from fastapi import APIRouter

from kernel import db
from kernel.db import ReadSession, Session

# One writing transaction for the route: committed before the answer leaves, undone when the route raises.
Db = Annotated[Session, db.begin]
# One reading transaction for the route.
ReadDb = Annotated[ReadSession, db.read]
_BEGINS: dict[Any, Callable[..., Any]] = {Db: db.begin, ReadDb: db.read}


class Router(APIRouter):
    """FastAPI's router, for functions that ask for `Db` or `ReadDb`."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Register the function, which gets its transaction last, when every guard has let the request in.

        Raises:
            TypeError: a coroutine or generator asks for a transaction: it would run on after the end of that.
        """
        super().add_api_route(path, _in_transaction(endpoint), **options)


def _in_transaction(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(endpoint, eval_str=True)
    asked = next((it for it in signature.parameters.values() if it.annotation in _BEGINS), None)
    if asked is None:
        return endpoint
    if inspect.iscoroutinefunction(endpoint) or inspect.isgeneratorfunction(endpoint):
        raise TypeError(f"{endpoint.__qualname__} asks for a transaction and is no plain function")
    name, begin = asked.name, _BEGINS[asked.annotation]

    @wraps(endpoint)
    def run(**arguments: Any) -> Any:
        with begin() as session:
            return endpoint(**arguments, **{name: session})

    left = [it for it in signature.parameters.values() if it is not asked]
    run.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]  # how inspect is told
    return run
