"""`python -m sandbox`: the outside world on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from sandbox.app import create_app
from sandbox.dropping import DroppableProtocol
from sandbox.world import open_world


def main() -> None:
    """Serve until told to stop."""
    arguments = _read_arguments()
    world = open_world(arguments.state, arguments.public_url)
    app = create_app(world, (arguments.host, arguments.smtp_port))
    uvicorn.run(
        app,
        host=arguments.host,
        port=arguments.port,
        http=DroppableProtocol,
        ws="none",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,
    )


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="YooKassa, mail and time for demo and tests")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--smtp-port", type=int, default=8125)
    parser.add_argument("--state", type=Path, default=Path(".kabinet/sandbox.sqlite"), help="the SQLite file")
    parser.add_argument("--public-url", help="how browsers reach this host; by default as the request names it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
