"""The files that pages are made with: style, script and icons, read once, when the program starts.

Invariant: what an address of an asset holds never changes. Its name carries a fingerprint of its bytes, so that it may
be kept for ever, and a page never meets the style of another version.
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
    """A file for pages: `file` is its name with the fingerprint, `zipped` its gzip form."""

    file: str
    body: bytes
    zipped: bytes
    media_type: str


class Assets:
    """All of them: by their plain names for those who write pages, by their files' for those who ask."""

    def __init__(self, assets: Iterable[tuple[str, Asset]]) -> None:
        self._by_name = dict(assets)
        self._by_file = {asset.file: asset for asset in self._by_name.values()}

    def path_of(self, name: str) -> str:
        """The path of an asset below the site's root."""
        return f"/static/{self._by_name[name].file}"

    def find(self, file: str) -> Asset | None:
        """The asset of that file name, if it is of this version."""
        return self._by_file.get(file)


def read_assets(folder: Path = _FOLDER) -> Assets:
    """The assets in a folder."""
    return Assets((path.name, _read_asset(path)) for path in sorted(folder.iterdir()) if path.suffix in _MEDIA_TYPES)


def _read_asset(path: Path) -> Asset:
    body = path.read_bytes()
    fingerprint = hashlib.sha256(body).hexdigest()[:10]
    file = f"{path.stem}.{fingerprint}{path.suffix}"
    return Asset(file, body, gzip.compress(body, 9, mtime=0), _MEDIA_TYPES[path.suffix])


ASSETS: Final = read_assets()


async def get_static(request: Request) -> Response:
    """A file that pages are made with. One of another version is not there any more."""
    asset = ASSETS.find(request.parameters["file"])
    if asset is None:
        raise NoSuchAddress("This file is not part of the running version of the pages. Reload the page.")
    headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if not offers_gzip(header(request.scope, b"accept-encoding")):
        return Response(asset.body, headers=headers, media_type=asset.media_type)
    return Response(asset.zipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.media_type)
