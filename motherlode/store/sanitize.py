"""Makes texts from clients safe to store and to show: limits their length and removes terminal control characters."""

from typing import Final

_ODD: Final = "\N{REPLACEMENT CHARACTER}"


def sanitize(text: str | None, most: int) -> str | None:
    """At most `most` characters of the text. Characters that are not printable, such as controls and bidi marks, are
    replaced."""
    if text is None:
        return None
    text = text[:most]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else _ODD for letter in text)
