"""The text of an XML document, decoded like .NET's XmlReader, which all but old NuGet clients use for nuspecs.

Invariant: a document is accepted only if the byte order mark, the first bytes and the declaration agree, and every byte
is valid in that encoding. So all readers see the same text.
"""

import codecs
import re

from motherlode.nuget.quoting import quote

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, because it begins with that mark
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_BEGINNINGS = {
    b"<\0\0\0": "utf-32-le",
    b"\0\0\0<": "utf-32-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
# The names that .NET supports; Windows code pages only if .NET and Python decode every byte alike.
_NAMES = {
    "utf-8": ("utf-8", "unicode-1-1-utf-8", "unicode-2-0-utf-8", "x-unicode-1-1-utf-8", "x-unicode-2-0-utf-8"),
    "ascii": (
        *("us-ascii", "ascii", "us", "ansi_x3.4-1968", "ansi_x3.4-1986", "cp367", "csascii", "ibm367", "iso-ir-6"),
        *("iso646-us", "iso_646.irv:1991"),
    ),
    "latin-1": (
        *("iso-8859-1", "latin1", "l1", "cp819", "csisolatin1", "ibm819", "iso-ir-100", "iso8859-1", "iso_8859-1"),
        "iso_8859-1:1987",
    ),
    "utf-16-le": ("utf-16", "utf-16le", "unicode", "ucs-2", "iso-10646-ucs-2", "ucs-4"),
    "utf-16-be": ("utf-16", "utf-16be", "unicodefffe", "ucs-2", "iso-10646-ucs-2", "ucs-4"),
    "utf-32-le": ("utf-32", "utf-32le", "ucs-4"),
    "utf-32-be": ("utf-32be", "ucs-4"),
}
_CODE_PAGES = {
    **{f"windows-{number}": f"cp{number}" for number in range(1250, 1259)},
    "cp1252": "cp1252",
    **{f"iso-8859-{number}": f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 9, 13, 15)},
    **{f"ibm{number}": f"cp{number}" for number in (437, 850, 852, 866)},
    "koi8-r": "koi8-r",
    **{name: name for name in ("gbk", "gb18030", "euc-jp", "euc-kr")},
    "gb2312": "gbk",
    "big5": "cp950",
    "shift_jis": "cp932",
    "ks_c_5601-1987": "cp949",
}
_BYTEWISE = _CODE_PAGES | {name: encoding for encoding in ("utf-8", "ascii", "latin-1") for name in _NAMES[encoding]}
_BLANKS = "[ \t\r\n]"
_DECLARATION = re.compile(
    rf"""<\?xml{_BLANKS}+version{_BLANKS}*={_BLANKS}*(?:"1\.0"|'1\.0')"""
    rf"""(?:{_BLANKS}+encoding{_BLANKS}*={_BLANKS}*(?P<encoding>"[^"<&]*"|'[^'<&]*'))?"""
    rf"""(?:{_BLANKS}+standalone{_BLANKS}*={_BLANKS}*(?:"(?:yes|no)"|'(?:yes|no)'))?{_BLANKS}*\?>"""
)
_BEGINS_DECLARATION = re.compile(rf"<\?xml{_BLANKS}")
_NO_LINE_END = re.compile("[^\n]")
_MAX_DECLARATION = 1000


class UnreadableXml(ValueError):
    """The bytes are not an XML document; `str()` says why."""


def decode_xml(document: bytes) -> str:
    """Return the text without a byte order mark and with spaces instead of its declaration.

    Raises:
        UnreadableXml: the version of XML is not 1.0, the declaration is invalid, .NET does not support the encoding, or
            the bytes contradict it or are invalid in it.
    """
    encoding, mark_size = _find_encoding(document)
    content = document[mark_size:]
    text = _decode(content, encoding if encoding != "utf-8" else _find_declared(content[:_MAX_DECLARATION]))
    declaration = _find_declaration(text)
    if declaration is not None and encoding != "utf-8":
        _check_name(declaration, encoding)
    # expat would accept a second byte order mark; .NET does not.
    if text.startswith("\ufeff"):
        raise UnreadableXml("there are two byte order marks")
    end = declaration.end() if declaration else 0
    return _NO_LINE_END.sub(" ", text[:end]) + text[end:]


def _find_encoding(document: bytes) -> tuple[str, int]:
    """Return the encoding according to the first bytes, and the size of the byte order mark."""
    for mark, encoding in _MARKS.items():
        if document.startswith(mark):
            return encoding, len(mark)
    found = (encoding for beginning, encoding in _BEGINNINGS.items() if document.startswith(beginning))
    return next(found, "utf-8"), 0


def _find_declared(beginning: bytes) -> str:
    """Return the encoding that a declaration in ASCII names, or UTF-8 if it names none."""
    declaration = _find_declaration(beginning.decode("latin-1"))
    name = _name_in(declaration)
    encoding = "utf-8" if name is None else _BYTEWISE.get(name.lower())
    if encoding is None:
        raise _wrong_name(name or "")
    return encoding


def _find_declaration(text: str) -> re.Match[str] | None:
    if not _BEGINS_DECLARATION.match(text):
        return None
    found = _DECLARATION.match(text)
    if found is None:
        raise UnreadableXml('the XML declaration must read <?xml version="1.0" encoding="utf-8"?>')
    return found


def _check_name(declaration: re.Match[str], encoding: str) -> None:
    name = _name_in(declaration)
    if name is not None and name.lower() not in _NAMES[encoding]:
        raise _wrong_name(name)


def _name_in(declaration: re.Match[str] | None) -> str | None:
    return declaration["encoding"][1:-1] if declaration and declaration["encoding"] else None


def _wrong_name(name: str) -> UnreadableXml:
    return UnreadableXml(f"clients cannot read the declared encoding {quote(name)} here: save the file as UTF-8")


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableXml(f"byte {error.start} is not in the encoding {encoding.upper()}") from None
