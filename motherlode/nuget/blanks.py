"""What clients cut off at both ends of a text: the white space of .NET, which is not quite that of Python."""

from typing import Final

_BLANKS: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def trim(text: str) -> str:
    """The text without the white space around it, as `String.Trim` of .NET does it."""
    # quirk: Python's strip takes U+001C to U+001F too, with which clients refuse a version.
    return text.strip(_BLANKS)
