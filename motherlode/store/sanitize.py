"""Texts that strangers send, made fit to be kept and to be shown: bounded, and free of what drives a terminal."""

from typing import Final

_ODD: Final = "\N{REPLACEMENT CHARACTER}"


def sanitize(text: str | None, most: int) -> str | None:
    """At most `most` characters of it; what is no printable character is replaced, controls and bidi marks included."""
    if text is None:
        return None
    text = text[:most]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else _ODD for letter in text)
