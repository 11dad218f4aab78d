"""The XML of a nuspec as written: names, attributes and texts, without validation or loss.

Invariant: .NET's XmlReader, which NuGet clients use, reads every accepted document with the same result. No document
makes this module open a file or a connection, expand an entity, or use more memory than a small multiple of its size.
This module creates the only XML parser of the program.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from xml.parsers import expat

from motherlode.nuget.faults import Fault
from motherlode.nuget.nuspec.xml_text import UnreadableXml, decode_xml
from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.nuget.quoting import quote

MAX_NUSPEC_BYTES = 1024 * 1024
MAX_ELEMENTS = 20_000
MAX_DEPTH = 256
MAX_NAMESPACE_LENGTH = 256

FAULTS = {
    "nuspec-too-large": "The .nuspec file is larger than 1 MiB.",
    "nuspec-not-xml": "The .nuspec file is not well-formed XML, or is in an encoding that clients cannot read.",
    "nuspec-doctype": "The .nuspec file has a <!DOCTYPE>, which is not allowed.",
    "nuspec-too-complex": "The .nuspec file has too many elements or too long a namespace.",
    "nuspec-root": "The root element is not <package>.",
    "nuspec-metadata": "There is no <metadata>, or more than one.",
}
"""The faults of the XML document itself, by code."""

_SEPARATOR = "!"  # between namespace and name; not allowed in names
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_BLANKS = " \t\r\n"


class UnreadableNuspec(ValueError):
    """The document is not a nuspec; `fault` says why."""

    def __init__(self, code: str, message: str) -> None:
        self.fault = Fault(code, message)
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class RawElement:
    """One element. `content` is its texts and child elements in order.

    Comments are left out, as is white space between elements, like in clients. `namespace` is "" for none;
    `default_namespace` is that of names without a prefix at this place.
    """

    name: str
    namespace: str
    default_namespace: str
    attributes: tuple[tuple[str, str], ...]
    content: tuple["str | RawElement", ...]

    @property
    def text(self) -> str:
        """All text in the element, including that of child elements."""
        return "".join(part if isinstance(part, str) else part.text for part in self.content)

    @property
    def children(self) -> tuple["RawElement", ...]:
        """The child elements."""
        return tuple(part for part in self.content if isinstance(part, RawElement))

    def children_named(self, *path: str, namespace: str | None = None) -> tuple["RawElement", ...]:
        """Return the child elements with a name, or at the end of a path of names, in this element's default namespace.

        # quirk: the official library searches in the default namespace of <metadata> at all levels, so it finds no
        # names with a prefix.
        """
        wanted = self.default_namespace if namespace is None else namespace
        found: tuple[RawElement, ...] = (self,)
        for name in path:
            children = (child for parent in found for child in parent.children)
            found = tuple(child for child in children if (child.name, child.namespace) == (name, wanted))
        return found

    def value_of(self, name: str) -> str:
        """Return the text of the first child element of that name that has text, or "".

        # quirk: the official library finds texts such as <title> in any letter case. It ignores those with an element
        # inside, so others are preferred here.
        """
        return self.plain_value_of(name) or next((child.text for child in self._texts_named(name)), "")

    def plain_value_of(self, name: str) -> str:
        """Return the text of the first child element of that name that has text but no child elements, or ""."""
        return next((child.text for child in self._texts_named(name) if not child.children), "")

    def _texts_named(self, name: str) -> Iterator["RawElement"]:
        folded, namespace = name.lower(), self.default_namespace
        for child in self.children:
            if child.name.lower() == folded and child.namespace == namespace and child.text:
                yield child

    def find_attribute(self, name: str) -> str | None:
        """Return the value of the attribute with that name and no namespace, or None."""
        return next((value for key, value in self.attributes if key == name), None)


@dataclass(frozen=True, slots=True)
class RawNuspec:
    """The whole document (`root`) and its only `<metadata>`."""

    root: RawElement
    metadata: RawElement


def parse_raw_nuspec(document: bytes) -> RawNuspec:
    """Parse the XML, in any encoding that clients support and any namespace or none.

    Raises:
        UnreadableNuspec: the document is too large or not well-formed, has a document type, or does not have exactly
            one `<metadata>` in a `<package>`.
    """
    if len(document) > MAX_NUSPEC_BYTES:
        raise UnreadableNuspec(
            "nuspec-too-large", f"The nuspec has more than {MAX_NUSPEC_BYTES} bytes. Shorten its texts."
        )
    root = _parse_xml(document)
    if root.name != "package":
        raise UnreadableNuspec(
            "nuspec-root", f"The root element of the nuspec is {quote(root.name)}. It must be <package>."
        )
    found = [child for child in root.children if child.name == "metadata"]
    if len(found) != 1:
        raise UnreadableNuspec("nuspec-metadata", f"The nuspec has {len(found)} <metadata> elements. It must have one.")
    return RawNuspec(root, found[0])


def _parse_xml(document: bytes) -> RawElement:
    try:
        return parse_by(_Builder().build, decode_xml(document))
    except UnreadableXml as unreadable:
        reason = str(unreadable)
    except Unreadable as unreadable:
        if isinstance(unreadable.__cause__, UnreadableNuspec):
            raise unreadable.__cause__ from None
        reason = _reason_of(unreadable.__cause__)
    raise UnreadableNuspec("nuspec-not-xml", f"The nuspec is not well-formed XML ({reason}). Correct it.")


def _reason_of(error: BaseException | None) -> str:
    if isinstance(error, expat.ExpatError):
        return f"{expat.ErrorString(error.code)}, line {error.lineno}, column {error.offset + 1}"
    return str(error)


@dataclass(slots=True)
class _Open:
    """An element whose end tag has not been read yet; `keeps_blanks` follows its xml:space."""

    name: str
    namespace: str
    default_namespace: str
    attributes: tuple[tuple[str, str], ...]
    content: list["str | RawElement"]
    keeps_blanks: bool

    def close(self) -> RawElement:
        return RawElement(self.name, self.namespace, self.default_namespace, self.attributes, tuple(self.content))


_NOTHING = _Open("", "", "", (), [], keeps_blanks=False)


class _Builder:
    """Builds the tree from the parser's events, and stops at a document type before any of its declarations applies.

    # quirk: .NET and expat accept the names of the fourth edition of XML 1.0. The fifth allows more.
    """

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._root: RawElement | None = None
        self._element_count = 0
        self._default_namespace: str | None = None
        self._text: list[str] = []

    def build(self, text: str) -> RawElement:
        parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartNamespaceDeclHandler = self._note_namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._end_text
        parser.StartCdataSectionHandler = self._end_text
        parser.EndCdataSectionHandler = self._end_cdata
        parser.Parse(text.encode(), True)  # noqa: FBT003 positional only
        if self._root is None:
            raise UnreadableXml("it has no element")
        return self._root

    def _refuse_doctype(self, name: str, *_: object) -> None:
        raise UnreadableNuspec(
            "nuspec-doctype", f"The nuspec has a document type ({quote(name)}). Remove the <!DOCTYPE> declaration."
        )

    def _note_namespace(self, prefix: str | None, namespace: str | None) -> None:
        # Each name has its namespace as a prefix, so a long namespace would be copied for every element.
        if namespace is not None and len(namespace) > MAX_NAMESPACE_LENGTH:
            raise UnreadableNuspec(
                "nuspec-too-complex", f"The nuspec has a namespace of more than {MAX_NAMESPACE_LENGTH} characters."
            )
        if prefix is None:
            self._default_namespace = namespace or ""

    def _start(self, name: str, attributes: list[str]) -> None:
        self._end_text()
        self._element_count += 1
        if self._element_count > MAX_ELEMENTS:
            raise UnreadableNuspec("nuspec-too-complex", f"The nuspec has more than {MAX_ELEMENTS} elements.")
        if len(self._open) >= MAX_DEPTH:
            raise UnreadableXml(f"elements are nested more than {MAX_DEPTH} levels deep")
        parent = self._open[-1] if self._open else _NOTHING
        declared, self._default_namespace = self._default_namespace, None
        default_namespace = parent.default_namespace if declared is None else declared
        namespace, local_name = _split(name)
        named = tuple(_pairs(attributes)) if attributes else ()
        keeps_blanks = self._keeps_blanks(named, parent) if named else parent.keeps_blanks
        self._open.append(_Open(local_name, namespace, default_namespace, named, [], keeps_blanks))

    def _keeps_blanks(self, attributes: tuple[tuple[str, str], ...], parent: _Open) -> bool:
        space = next((value for name, value in attributes if name == _XML_SPACE), None)
        if space is None:
            return parent.keeps_blanks
        if space.strip(_BLANKS) not in ("default", "preserve"):
            raise UnreadableXml(f"xml:space is {quote(space)} instead of 'default' or 'preserve'")
        return space.strip(_BLANKS) == "preserve"

    def _end(self, _name: str) -> None:
        self._end_text()
        element = self._open.pop().close()
        if self._open:
            self._open[-1].content.append(element)
        else:
            self._root = element

    def _end_text(self, *_: object) -> None:
        self._add_text(is_cdata=False)

    def _end_cdata(self) -> None:
        self._add_text(is_cdata=True)

    def _add_text(self, *, is_cdata: bool) -> None:
        """Add the text since the last markup. Like clients, omit it if it is only white space."""
        if not self._text:
            return
        text = "".join(self._text)
        self._text.clear()
        if self._open and (is_cdata or self._open[-1].keeps_blanks or text.strip(_BLANKS)):
            self._open[-1].content.append(text)


@lru_cache(maxsize=1024)
def _split(name: str) -> tuple[str, str]:
    namespace, _, local_name = name.rpartition(_SEPARATOR)
    return namespace, local_name


def _pairs(attributes: list[str]) -> Iterator[tuple[str, str]]:
    """Yield names and values; a name in a namespace is written `{namespace}name`."""
    for name, value in zip(attributes[::2], attributes[1::2], strict=True):
        namespace, local_name = _split(name)
        yield f"{{{namespace}}}{local_name}" if namespace else local_name, value
