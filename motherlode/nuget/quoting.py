"""How a text from outside is shown to people: no character of it steers a terminal or hides the others.

Everything that commands, logs and refusals say of such a text passes through here.
"""

import json


def quote(text: str, max_characters: int = 60) -> str:
    """Return `text` in quotes, control and invisible characters escaped, cut to `max_characters` with "…"."""
    shown = text if len(text) <= max_characters else text[:max_characters] + "…"
    return repr(shown)


def printable(text: str) -> str:
    r"""Return `text` on one line, with what is not printable written out: `\x1b`, `\n`, `\u202e`.

    That is every control character (C0, DEL and C1), every format character (those that change the direction of text
    among them), line and paragraph separators, blanks other than the space, and halves of surrogate pairs.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def printable_json(text: str) -> str:
    """Return a JSON `text` that means the same, with what is not printable inside its strings written as JSON escapes;
    its own line breaks stay."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1] for character in text
    )
