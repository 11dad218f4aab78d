"""What stands for the base address in links while documents are kept.

Nobody outside can know it, so no text of a package can stand for an address, and nothing that is kept depends on a
Host header that was not checked. Both markers are plain text to HTML, JSON and percent-encoding alike.
"""

from secrets import token_hex
from urllib.parse import urlsplit

from motherlode.protocol.urls import Urls


class UrlPlaceholder:
    """Two markers, made anew in each process: of the whole base, and of its path alone."""

    def __init__(self) -> None:
        whole, path = f"http://{token_hex(16)}", f"/~{token_hex(16)}"
        self.urls, self.paths = Urls(whole), Urls(path)
        self._whole, self._path = whole.encode("ascii"), path.encode("ascii")

    @property
    def both(self) -> tuple[Urls, Urls]:
        """Absolute addresses, and the same ones as paths."""
        return self.urls, self.paths

    def is_in(self, body: bytes) -> bool:
        """Whether any link in the body begins with one of them."""
        return self._whole in body or self._path in body

    def replace(self, body: bytes, base: str) -> bytes:
        """The body, its links beginning with the base, or with the path of it."""
        return body.replace(self._whole, base.encode()).replace(self._path, urlsplit(base).path.encode())
