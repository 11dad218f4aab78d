"""The static files of pages: style sheet, script and icons, read once at startup.

Invariant: the content of an asset's address never changes, because its name contains a fingerprint of its bytes. So
browsers may cache it forever, and a page never gets the style sheet of another version.
"""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.responses import Response

from motherlode.domain.refusals import NoSuchAddress
from motherlode.web.base_url import header
from motherlode.web.request import Request
from motherlode.web.responses import IMMUTABLE, offers_gzip

_FOLDER: Final = Path(__file__).parents[1] / "static"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file. `file` is its name with the fingerprint, `zipped` its content compressed with gzip."""

    file: str
    body: bytes
    zipped: bytes
    media_type: str


class Assets:
    """All static files: templates look them up by plain name, requests by file name."""

    def __init__(self, assets: Iterable[tuple[str, Asset]]) -> None:
        self._by_name = dict(assets)
        self._by_file = {asset.file: asset for asset in self._by_name.values()}

    def path_of(self, name: str) -> str:
        """Return the path of an asset below the site's root."""
        return f"/static/{self._by_name[name].file}"

    def find(self, file: str) -> Asset | None:
        """Return the asset with that file name, or None if this version has none."""
        return self._by_file.get(file)


def read_assets(folder: Path = _FOLDER) -> Assets:
    """Read the assets in a folder."""
    return Assets((path.name, _read_asset(path)) for path in sorted(folder.iterdir()) if path.suffix in _MEDIA_TYPES)


def _read_asset(path: Path) -> Asset:
    body = path.read_bytes()
    fingerprint = hashlib.sha256(body).hexdigest()[:10]
    file = f"{path.stem}.{fingerprint}{path.suffix}"
    return Asset(file, body, gzip.compress(body, 9, mtime=0), _MEDIA_TYPES[path.suffix])


ASSETS: Final = read_assets()


async def get_static(request: Request) -> Response:
    """Return a static file. Raises `NoSuchAddress` for files of other versions."""
    asset = ASSETS.find(request.parameters["file"])
    if asset is None:
        raise NoSuchAddress("This file is not part of the running version of the pages. Reload the page.")
    headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if not offers_gzip(header(request.scope, b"accept-encoding")):
        return Response(asset.body, headers=headers, media_type=asset.media_type)
    return Response(asset.zipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.media_type)
