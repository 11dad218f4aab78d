"""Pages as parsed trees: what is wrong with their markup, and what of it could run.

Everything is asked of the tree that html5lib builds, for that is what a browser makes of the bytes.
"""

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
from html5lib.constants import DataLossWarning, E

REFERENCES = ("for", "list", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "headers", "form")
FORBIDDEN = frozenset(
    {
        "applet",
        "base",
        "embed",
        "frame",
        "frameset",
        "iframe",
        "object",
        "portal",
        "style",
        "noembed",
        "noframes",
        "foreignobject",
        "animate",
    }
) | {"animatemotion", "animatetransform", "set", "marquee", "math", "template", "xmp", "plaintext"}
_OWN_SCRIPT = re.compile(r"/static/[\w-]+\.[0-9a-f]{10}\.js\Z")
_OWN_ACTION = re.compile(r"(/feeds/[a-z0-9-]+)?/packages|/sign-in|/sign-out")
_IGNORED_IN_URLS = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]")
_ADDRESSES = frozenset(
    {"href", "src", "action", "formaction", "poster", "data", "cite", "background", "srcset", "ping", "xlink:href"}
)


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page; `errors` are those of a strict parser."""

    root: Element
    errors: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text that is shown, white space folded."""
        return " ".join("".join(self.root.itertext()).split())

    def all(self, *names: str) -> list[Element]:
        """The elements of these names, of all without any, in the order of the page."""
        return [element for element in self.root.iter() if isinstance(element.tag, str) and _fits(element, names)]

    def one(self, name: str, **attributes: str) -> Element:
        """The one element of that name with these attributes (`_` for `-`)."""
        wanted = {key.strip("_").replace("_", "-"): value for key, value in attributes.items()}
        found = [each for each in self.all(name) if wanted.items() <= each.attrib.items()]
        assert len(found) == 1, f"{len(found)} of {name} {wanted}"
        return found[0]


def parse_page(body: bytes | str, own: str = "") -> Page:
    """The page as a browser understands it. `own` is the server's address: our own addresses become paths."""
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataLossWarning)
        root: Any = parser.parse(body if isinstance(body, str) else body.decode("utf-8"))
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
        for name in [name for name in element.attrib if "}" in name]:
            element.set(f"xlink:{name.rpartition('}')[2]}", element.attrib.pop(name))
        for name in _ADDRESSES:
            if own and element.get(name, "").startswith((f"{own}/", f"{own}?")):
                element.set(name, element.attrib[name].removeprefix(own))
    return Page(root, [f"{at}: {E[code] % values} {values or ''}" for at, code, values in parser.errors])


def find_faults(page: Page) -> list[str]:
    """What is wrong with a page's markup: parse errors, references to nothing, ids used twice, landmarks and heads."""
    return [*page.errors, *_id_faults(page), *_frame_faults(page), *find_dangers(page)]


def find_dangers(page: Page) -> list[str]:
    """What could run, load or send something that is not our own."""
    dangers = [fault for element in page.all() for fault in _element_dangers(element)]
    misplaced = (each for each in page.one("body").iter() if each.tag in {"link", "meta", "title"})
    return dangers + [f"<{each.tag}> in the body" for each in misplaced if not _is_in_svg(page, each)]


def _fits(element: Element, names: tuple[str, ...]) -> bool:
    return not names or element.tag in names


def _id_faults(page: Page) -> Iterator[str]:
    ids = Counter(element.attrib["id"] for element in page.all() if "id" in element.attrib)
    yield from (f"the id {name!r} is there {count} times" for name, count in ids.items() if count > 1)
    for element in page.all():
        for name in REFERENCES:
            missing = [each for each in element.get(name, "").split() if each not in ids]
            yield from (f"<{element.tag} {name}> refers to {each!r}" for each in missing)
        for name in ("href", "xlink:href"):
            target = element.get(name, "")
            if target.startswith("#") and target != "#" and target[1:] not in ids:
                yield f"<{element.tag} {name}> leads to {target!r}"


def _frame_faults(page: Page) -> Iterator[str]:
    for name in ("h1", "main", "title"):
        count = len([element for element in page.all(name) if not (name == "title" and _is_in_svg(page, element))])
        if count != 1:
            yield f"{count} of <{name}>"
    if page.one("html").get("lang") != "en":
        yield "no language"
    if not "".join(page.all("title")[0].itertext()).strip():
        yield "no title"


def _is_in_svg(page: Page, element: Element) -> bool:
    return any(element is inside for svg in page.all("svg") for inside in svg.iter())


def _element_dangers(element: Element) -> Iterator[str]:
    tag = element.tag.lower()
    if tag in FORBIDDEN:
        yield f"<{tag}>"
    if tag == "script" and (not _OWN_SCRIPT.search(element.get("src", "")) or (element.text or "").strip()):
        yield f"<script src={element.get('src')!r}>{element.text}"
    if tag == "form" and not _OWN_ACTION.fullmatch(element.get("action", "")):
        yield f"<form action={element.get('action')!r}>"
    if tag == "meta" and element.get("http-equiv"):
        yield f"<meta http-equiv={element.get('http-equiv')!r}>"
    for name, value in element.attrib.items():
        if name.lower().startswith("on") or name.lower() in {"style", "srcdoc", "formaction", "ping"}:
            yield f"<{tag} {name}={value!r}>"
        if name.lower() in _ADDRESSES and not _is_harmless(tag, value):
            yield f"<{tag} {name}={value!r}>"


def _is_harmless(tag: str, address: str) -> bool:
    """Whether an address leads to our own pages, or is a link that one may follow elsewhere."""
    parts = urlsplit(_IGNORED_IN_URLS.sub("", address))
    scheme = parts.scheme.lower()
    if tag == "a":
        return scheme in {"", "http", "https", "mailto"}
    if tag == "link":
        return scheme in {"", "http", "https"}
    return scheme == "" and parts.netloc == ""
