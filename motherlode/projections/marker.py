"""What stands for the base address in links while documents are kept.

Nobody outside can know it, so no text of a package can stand for an address, and nothing that is kept depends on a
Host header that was not checked.
"""

from secrets import token_hex

from motherlode.protocol.urls import Urls


class Marker:
    """One marker, made anew in each process."""

    def __init__(self) -> None:
        text = f"http://{token_hex(16)}"
        self.urls = Urls(text)
        self._bytes = text.encode("ascii")

    def is_in(self, body: bytes) -> bool:
        """Whether any link in the body begins with it."""
        return self._bytes in body

    def replace(self, body: bytes, base: str) -> bytes:
        """The body, its links beginning with the base."""
        return body.replace(self._bytes, base.encode())
