"""The XML of a nuspec as it stands: names, attributes and texts, nothing judged and nothing lost.

Invariant: no document makes this module open a file or a connection, expand an entity, or hold more than a small
multiple of the document in memory. There is one parser, and it is made here.
"""

from dataclasses import dataclass
from typing import Any

from lxml import etree

from motherlode.domain.parsers import Unreadable, parse_by
from motherlode.domain.quotes import quote
from motherlode.domain.refusals import Fault

MAX_NUSPEC_BYTES = 1024 * 1024
MAX_ELEMENTS = 20_000

FAULTS = {
    "nuspec-too-large": "The .nuspec is larger than 1 MiB.",
    "nuspec-not-xml": "The .nuspec is no well-formed XML, or in an encoding that cannot be read.",
    "nuspec-doctype": "The .nuspec has a document type; none may.",
    "nuspec-too-complex": "The .nuspec has more elements than are read.",
    "nuspec-root": "The root element is not <package>.",
    "nuspec-metadata": "There is no <metadata>, or more than one.",
}
"""What can be wrong with the document itself, by code."""


class UnreadableNuspec(ValueError):
    """The document is no nuspec at all; `fault` says why."""

    def __init__(self, code: str, message: str) -> None:
        self.fault = Fault(code, message)
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class RawElement:
    """One element. `content` holds its texts and child elements in their order, comments left out.

    `namespace` is "" for none; `default_namespace` is the one that names without a prefix have at this place.
    """

    name: str
    namespace: str
    default_namespace: str
    attributes: tuple[tuple[str, str], ...]
    content: tuple["str | RawElement", ...]

    @property
    def text(self) -> str:
        """All the text inside, that of child elements included."""
        return "".join(part if isinstance(part, str) else part.text for part in self.content)

    @property
    def children(self) -> tuple["RawElement", ...]:
        """The child elements."""
        return tuple(part for part in self.content if isinstance(part, RawElement))

    def children_named(self, name: str) -> tuple["RawElement", ...]:
        """The child elements of that name whose namespace is the default one.

        # quirk: the official library looks for names in the default namespace, so it finds none under a prefix.
        """
        return tuple(
            child for child in self.children if child.name == name and child.namespace == self.default_namespace
        )

    def find_attribute(self, name: str) -> str | None:
        """The value of the attribute of that name (without a namespace), or None."""
        return next((value for key, value in self.attributes if key == name), None)


@dataclass(frozen=True, slots=True)
class RawNuspec:
    """The whole document (`root`), and in it the one `<metadata>`."""

    root: RawElement
    metadata: RawElement


def parse_raw_nuspec(document: bytes) -> RawNuspec:
    """Read the XML, in any legal encoding and any namespace or none.

    Raises:
        UnreadableNuspec: too large, not well-formed, with a document type, or without exactly one `<metadata>` in a
            `<package>`.
    """
    if len(document) > MAX_NUSPEC_BYTES:
        raise UnreadableNuspec(
            "nuspec-too-large", f"The nuspec has more than {MAX_NUSPEC_BYTES} bytes: shorten its texts."
        )
    root = _parse_xml(document)
    if root.name != "package":
        raise UnreadableNuspec("nuspec-root", f"The root of the nuspec is {quote(root.name)}: it must be <package>.")
    found = [child for child in root.children if child.name == "metadata"]
    if len(found) != 1:
        raise UnreadableNuspec("nuspec-metadata", f"The nuspec has {len(found)} <metadata> elements: it needs one.")
    return RawNuspec(root, found[0])


def _parse_xml(document: bytes) -> RawElement:
    try:
        root: Any = parse_by(etree.fromstring, document, _make_parser(_Builder()))
    except Unreadable as error:
        if isinstance(error.__cause__, UnreadableNuspec):
            raise error.__cause__ from None
        reason = quote(" ".join((getattr(error.__cause__, "msg", None) or "it is empty").split()), max_characters=200)
        raise UnreadableNuspec("nuspec-not-xml", f"The nuspec is not well-formed XML ({reason}): correct it.") from None
    if not isinstance(root, RawElement):
        raise UnreadableNuspec("nuspec-not-xml", "The nuspec is not well-formed XML: it has no element.")
    return root


def _make_parser(builder: Any) -> etree.XMLParser:
    return etree.XMLParser(
        target=builder,
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
    )


@dataclass(slots=True)
class _Open:
    """An element whose end has not come yet."""

    name: str
    namespace: str
    default_namespace: str
    attributes: tuple[tuple[str, str], ...]
    content: list["str | RawElement"]

    def close(self) -> RawElement:
        return RawElement(self.name, self.namespace, self.default_namespace, self.attributes, tuple(self.content))


class _Builder:
    """Builds the tree from the parser's events, and stops at a document type before its first declaration counts."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._root: RawElement | None = None
        self._element_count = 0

    def start(self, tag: str, attributes: Any, namespaces: Any) -> None:
        self._element_count += 1
        if self._element_count > MAX_ELEMENTS:
            raise UnreadableNuspec("nuspec-too-complex", f"The nuspec has more than {MAX_ELEMENTS} elements.")
        namespace, name = _split(tag)
        default = namespaces.get("", self._open[-1].default_namespace if self._open else "")
        self._open.append(_Open(name, namespace, default, tuple(attributes.items()), []))

    def end(self, _tag: str) -> None:
        element = self._open.pop().close()
        if self._open:
            self._open[-1].content.append(element)
        else:
            self._root = element

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].content.append(text)

    def comment(self, _text: str) -> None:
        """A comment is no content."""

    def pi(self, _target: str, _text: str | None = None) -> None:
        """A processing instruction is no content, and nothing here follows one."""

    def doctype(self, name: str, _public_id: str | None, _system_id: str | None) -> None:
        raise UnreadableNuspec(
            "nuspec-doctype", f"The nuspec has a document type ({quote(name)}): remove the <!DOCTYPE> declaration."
        )

    def close(self) -> RawElement | None:
        return self._root


def _split(tag: str) -> tuple[str, str]:
    namespace, brace, name = tag.rpartition("}")
    return (namespace[1:], name) if brace else ("", tag)
