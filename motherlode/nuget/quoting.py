"""Untrusted text made safe to display: no character can control a terminal or hide other characters.

All untrusted text in the output of commands, logs and refusals passes through here.
"""

import json


def quote(text: str, max_characters: int = 60) -> str:
    """Return `text` in quotes, with control and invisible characters escaped, cut after `max_characters` with "…"."""
    shown = text if len(text) <= max_characters else text[:max_characters] + "…"
    return repr(shown)


def printable(text: str) -> str:
    r"""Return `text` on one line, with characters that are not printable escaped: `\x1b`, `\n`, `\u202e`.

    Those are all control characters (C0, DEL and C1), all format characters (including those that change the direction
    of text), line and paragraph separators, white space other than the space, and lone surrogates.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def printable_json(text: str) -> str:
    """Return the JSON `text` with characters that are not printable written as JSON escapes.

    Its value does not change, and its line breaks outside strings stay.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1] for character in text
    )
