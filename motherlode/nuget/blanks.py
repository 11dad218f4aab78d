"""White space as .NET trims it, which differs slightly from Python's."""

from typing import Final

_BLANKS: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def trim(text: str) -> str:
    """Return the text without the white space around it, like .NET's `String.Trim`."""
    # quirk: Python's strip also removes U+001C to U+001F; clients refuse a version that has them.
    return text.strip(_BLANKS)
