"""Static files: read and compressed once at start, addressed by content hash, served from memory."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "static"
FOREVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"
_SERVED = {".css", ".js", ".svg", ".woff2"}
_IMPORT = re.compile(r'@import "([\w-]+\.css)";\n')


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it leaves the server."""

    body: bytes
    gzipped: bytes | None
    media_type: str
    version: str


@lru_cache(maxsize=1)
def _assets() -> dict[str, Asset]:
    paths = (path for path in STATIC.rglob("*") if path.suffix in _SERVED)
    return {path.relative_to(STATIC).as_posix(): _read(path) for path in paths}


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    if path.suffix == ".css":
        body = _with_imports(path).encode()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    gzipped = None if path.suffix == ".woff2" else gzip.compress(body, mtime=0)
    return Asset(body, gzipped, media_type, hashlib.sha256(body).hexdigest()[:12])


def _with_imports(path: Path) -> str:
    # A chain of @import costs a round trip for each link; one file costs one.
    return _IMPORT.sub(lambda found: (path.parent / found[1]).read_text("utf-8"), path.read_text("utf-8"))


def asset_url(name: str) -> str:
    """The address of `static/<name>`, which changes whenever the content does.

    Raises:
        KeyError: there is no such file.
    """
    return f"/static/{name}?v={_assets()[name].version}"


async def serve_asset(request: Request) -> Response:
    """Answer `/static/{name}`: for ever cacheable if the address carries the version or a vendored release."""
    name = request.path_params["name"]
    asset = _assets().get(name)
    if asset is None:
        return Response("404 Not Found", status_code=404, media_type="text/plain")
    versioned = request.query_params.get("v") == asset.version or name.startswith("vendor/")
    headers = {
        "Cache-Control": FOREVER if versioned else FOR_AN_HOUR,
        "ETag": f'"{asset.version}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if asset.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.gzipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.media_type)
    return Response(asset.body, headers=headers, media_type=asset.media_type)
