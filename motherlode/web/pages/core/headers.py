"""What every page says to browsers beside its bytes.

Invariant: a page runs no script, shows no image, takes no style and sends no form but of this very server; images of
the hosts that were allowed are the one exception. It stands in no frame, and leaves no trace of its address elsewhere.
"""

from functools import lru_cache
from types import MappingProxyType
from typing import Final

from motherlode.domain.image_hosts import image_origins

HTML: Final = "text/html; charset=utf-8"
SANDBOX: Final = "default-src 'none'; sandbox"
"""The policy of what a publisher or an administrator gave to be shown, should somebody open it by itself."""


@lru_cache(maxsize=4)
def page_headers(image_hosts: frozenset[str]) -> MappingProxyType[str, str]:
    """The headers of a page, whatever it is about."""
    return MappingProxyType(
        {
            "Content-Security-Policy": _policy(image_origins(image_hosts)),
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
    )


def _policy(origins: tuple[str, ...]) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            " ".join(["img-src 'self'", *origins]),
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )
