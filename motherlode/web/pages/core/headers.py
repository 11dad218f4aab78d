"""The response headers of pages.

Invariant: pages use scripts, styles and images of this server only, and send forms to it only; the one exception is
images from the allowed hosts. Pages cannot be framed, and other sites do not learn their addresses.
"""

from functools import lru_cache
from types import MappingProxyType
from typing import Final

from motherlode.domain.image_hosts import image_origins

HTML: Final = "text/html; charset=utf-8"
SANDBOX: Final = "default-src 'none'; sandbox"
"""The Content-Security-Policy for content by publishers or administrators, in case it is opened directly."""


@lru_cache(maxsize=4)
def page_headers(image_hosts: frozenset[str]) -> MappingProxyType[str, str]:
    """Return the headers that every page has."""
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
