"""How a text from outside is shown inside a sentence: quoted, on one line, and never long."""


def quote(text: str, max_characters: int = 60) -> str:
    """Return `text` in quotes, control and invisible characters escaped, cut to `max_characters` with "…"."""
    shown = text if len(text) <= max_characters else text[:max_characters] + "…"
    return repr(shown)
