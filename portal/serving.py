"""Running the web application as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from kernel.memory import keep_loaded

if TYPE_CHECKING:
    from fastapi import FastAPI


def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Answer requests until SIGTERM or SIGINT."""
    keep_loaded()
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whose X-Forwarded-For is believed is a setting of ours
    )
