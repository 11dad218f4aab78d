"""The placeholder for the base address in the links of cached documents.

It is random and secret, so no text of a package can imitate it, and no cached document depends on an unverified Host
header. Neither of its two forms is changed by HTML, JSON or percent-encoding.
"""

from secrets import token_hex
from urllib.parse import urlsplit

from motherlode.protocol.urls import Urls


class UrlPlaceholder:
    """Two placeholders, random in each process: one for the whole base address, one for its path."""

    def __init__(self) -> None:
        whole, path = f"http://{token_hex(16)}", f"/~{token_hex(16)}"
        self.urls, self.paths = Urls(whole), Urls(path)
        self._whole, self._path = whole.encode("ascii"), path.encode("ascii")

    @property
    def both(self) -> tuple[Urls, Urls]:
        """The absolute addresses, and the same addresses as paths."""
        return self.urls, self.paths

    def is_in(self, body: bytes) -> bool:
        """Whether the body contains a placeholder."""
        return self._whole in body or self._path in body

    def replace(self, body: bytes, base: str) -> bytes:
        """Return the body with the placeholders replaced by the base address and its path."""
        return body.replace(self._whole, base.encode()).replace(self._path, urlsplit(base).path.encode())
