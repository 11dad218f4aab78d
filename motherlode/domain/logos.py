"""A feed's logo: a small image, stored as the text of a `data:` URL among the settings of the feed.

Invariant: the bytes of a `Logo` are a small PNG or JPEG, and exactly one text stands for it.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Final

from motherlode.nuget.embedded_files import find_image_type
from motherlode.nuget.parsers import Unreadable, parse_by

MAX_LOGO_BYTES: Final = 32 * 1024
LOGO_ALLOWED: Final = "a PNG or JPEG of at most 32 KB, as its data: address"
_MARKS: Final = ("data:", ";base64,")
_MAX_TEXT: Final = 64 + MAX_LOGO_BYTES * 4 // 3


@dataclass(frozen=True, slots=True)
class Logo:
    """An image of at most 32 KB. `media_type` is image/png or image/jpeg, according to its first bytes."""

    media_type: str
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.media_type}, {len(self.content):,} bytes"


def logo_of(content: bytes) -> Logo:
    """Return these bytes as a logo. Raises ValueError if they are not a PNG or JPEG or are too large."""
    media_type = find_image_type(content)
    if media_type is None or len(content) > MAX_LOGO_BYTES:
        raise ValueError("not a PNG or JPEG, or too large")
    return Logo(media_type, content)


def parse_logo(text: str) -> Logo | None:
    """Return the logo in the text of a `data:` URL, or None for an empty text. Raises ValueError."""
    if not text.strip():
        return None
    begin, mark, encoded = text.strip().partition(_MARKS[1])
    if not mark or len(encoded) > _MAX_TEXT:
        raise ValueError("not a data: URL in base64, or too large")
    try:
        content = parse_by(b64decode, encoded.encode("ascii", "replace"), validate=True)
    except Unreadable as error:
        raise ValueError(str(error)) from error
    logo = logo_of(content)
    if format_logo(logo) != begin + mark + encoded:
        raise ValueError("the media type does not match the bytes, or the base64 is not canonical")
    return logo


def format_logo(logo: Logo | None) -> str:
    """Return the text that `parse_logo` accepts."""
    return "" if logo is None else f"{_MARKS[0]}{logo.media_type}{_MARKS[1]}{b64encode(logo.content).decode('ascii')}"


def describe_logo(logo: Logo | None) -> str:
    """Return a description for people: the logo's type and size, or ""."""
    return "" if logo is None else str(logo)
