"""Rewrites the cleaned HTML of a README, tag by tag.

Invariant: this module writes every tag and attribute of the result, with checked and escaped values. It copies nothing.
"""

import re
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote

from markupsafe import Markup, escape

from motherlode.domain.image_hosts import is_image_host
from motherlode.web.pages.highlighting import Highlighter, is_known_language
from motherlode.web.pages.parts.links import LINK_REL, find_host, find_link

ALIAS: Final = "x-"
"""The prefix of some tag names in the input; it is not written."""
_TOP_LEVEL: Final = 3
_PREFIX: Final = "readme-"

_VOID: Final = frozenset({"br", "hr", "wbr"})
_HEADING: Final = "heading"
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_RENAMED: Final = {"center": "div", "strike": "s", "tt": "code"}
_PARENTS: Final = {
    "dd": ("dl",),
    "dt": ("dl",),
    "figcaption": ("figure",),
    "li": ("ol", "ul"),
    "summary": ("details",),
}
"""Tags that are valid only in these parents; elsewhere they are written as `div`."""

_CLASSES: Final = frozenset(
    {
        *("contains-task-list", "task-list-item", "footnotes", "footnotes-list", "footnotes-sep", "footnote-item"),
        *("footnote-ref", "footnote-backref", "markdown-alert", "markdown-alert-title", "markdown-alert-caution"),
        *("markdown-alert-important", "markdown-alert-note", "markdown-alert-tip", "markdown-alert-warning"),
    }
)
_ALIGNED: Final = re.compile(r"(?:text-align: *)?(left|center|right);?")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_MAIL: Final = re.compile(r"mailto:[\w.+-]{1,64}@[\w.-]{1,253}", re.ASCII)
_NO_SLUG: Final = re.compile(r"[^\w\s-]+")
_NUMBERS: Final = {
    "img": ("width", "height"),
    "ol": ("start",),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
}

Attributes = dict[str, str]


@dataclass(slots=True)
class _Heading:
    """An open heading. `place` is the index in the output for its tag, which is written once the text is known."""

    place: int
    level: int
    id: str | None
    classes: str | None
    text: str = ""


@dataclass(slots=True)
class _Code:
    """An open block of code, in a language that is highlighted."""

    language: str
    text: str = ""


def write_readme(cleaned: str, image_hosts: frozenset[str]) -> Markup:
    """Rewrite HTML that the cleaner has made well-formed, as `render_readme` (`markdown.py`) promises."""
    writer = _Writer(image_hosts)
    writer.feed(cleaned)
    writer.close()
    return writer.written


class _Writer(HTMLParser):
    """Writes the README. `_open` holds the open tags, each with the text that closes it; `_inner` holds the output
    indexes of links into the README, each with the id of its target."""

    def __init__(self, image_hosts: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._image_hosts = image_hosts
        self._out: list[str] = []
        self._open: list[tuple[str, str]] = []
        self._ids: Counter[str] = Counter()
        self._levels: list[int] = []
        self._inner: list[tuple[int, str]] = []
        self._heading: _Heading | None = None
        self._open_links = 0
        self._highlighter = Highlighter()
        self._code: _Code | None = None

    @property
    def written(self) -> Markup:
        """The written HTML. Links to ids that the README does not have lose their target."""
        for place, target in self._inner:
            if target not in self._ids:
                self._out[place] = "<a>"
        return Markup("".join(self._out))  # noqa: S704 each piece was escaped when it was written

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an opening tag."""
        self._end_code(has_colours=False)
        tag = tag.removeprefix(ALIAS)
        attributes = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._write_image(attributes)
        elif tag == "input":
            self._write_box(attributes)
        elif tag in _VOID:
            self._write(tag)
        elif tag in _HEADINGS:
            self._open_heading(tag, attributes)
        elif tag == "a":
            self._open_link(attributes)
        else:
            self._open_plain(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        """Write a closing tag."""
        if not self._open or tag in _VOID:
            return
        self._end_code(has_colours=True)
        name, closing = self._open.pop()
        self._open_links -= name == "a"
        if closing == _HEADING:
            self._close_heading()
        elif closing == "</th>" and self._out[-1].startswith(("<th>", "<th ")):
            self._out[-1:] = [self._out[-1].replace("<th", "<td", 1), "</td>"]  # an empty header cell heads nothing
        else:
            self._out.append(closing)

    def handle_data(self, data: str) -> None:
        """Write text."""
        if self._code:
            self._code.text += data
            return
        self._out.append(str(escape(data)))
        if self._heading:
            self._heading.text += data

    def _write(self, tag: str, **attributes: str | None) -> None:
        self._out.append(_make_tag(tag, **attributes))

    def _open_plain(self, tag: str, attributes: Attributes) -> None:
        parent = self._open[-1][0] if self._open else ""
        language = _find_language(attributes) if (parent, tag) == ("pre", "code") else None
        name = "div" if parent not in _PARENTS.get(tag, (parent,)) else _RENAMED.get(tag, tag)
        self._write(
            name,
            id=self._find_id(attributes),
            class_="coloured" if language else _find_classes(tag, attributes),
            title=attributes.get("title"),
            open="" if "open" in attributes else None,
            **_find_numbers(tag, attributes),
        )
        self._open.append((tag, f"</{name}>"))
        self._code = _Code(language) if language else None

    def _end_code(self, *, has_colours: bool) -> None:
        """Write the collected code, if any; code that contains tags is not highlighted."""
        code, self._code = self._code, None
        if code is None:
            return
        if not has_colours:
            self.handle_data(code.text)
            return
        if self._heading:
            self._heading.text += code.text
        for kind, text in self._highlighter.highlight(code.text, code.language):
            piece = str(escape(text))
            self._out.append(piece if kind is None else f'<span class="{kind}">{piece}</span>')

    def _open_link(self, attributes: Attributes) -> None:
        address, anchor = attributes.get("href", ""), self._find_id(attributes)
        link = find_link(address) or (address if _MAIL.fullmatch(address) else None)
        if self._open_links:
            self._write("span", id=anchor)
            closing = "</span>"
        elif len(address) > 1 and address.startswith("#"):
            target = f"{_PREFIX}{_fold(unquote(address[1:]))}"
            self._inner.append((len(self._out), target))
            self._write("a", href=f"#{target}", id=anchor, class_=_find_classes("a", attributes))
            closing = "</a>"
        elif link:
            self._write("a", href=link, id=anchor, rel=LINK_REL, title=attributes.get("title"))
            closing = "</a>"
        else:
            self._write("span", id=anchor)
            closing = "</span>"
        self._open.append(("a" if closing == "</a>" else "span", closing))
        self._open_links += closing == "</a>"

    def _open_heading(self, tag: str, attributes: Attributes) -> None:
        """Open a heading. Levels increase by one at a time, whatever the author wrote: screen readers rely on them."""
        if self._heading:
            self._open.append((tag, ""))
            return
        level = int(tag[1])
        while self._levels and self._levels[-1] >= level:
            self._levels.pop()
        self._levels.append(level)
        depth = min(6, _TOP_LEVEL + len(self._levels) - 1)
        self._heading = _Heading(len(self._out), depth, self._find_id(attributes), _find_classes(tag, attributes))
        self._out.append("")
        self._open.append((tag, _HEADING))

    def _close_heading(self) -> None:
        """Close a heading; drop its tags if it has no text."""
        heading, self._heading = self._heading, None
        if heading is None or not heading.text.strip():
            self._levels.pop()
            return
        anchor = heading.id or self._make_id(_NO_SLUG.sub("", heading.text))
        self._out[heading.place] = _make_tag(f"h{heading.level}", id=anchor, class_=heading.classes)
        self._out.append(f"</h{heading.level}>")

    def _write_image(self, attributes: Attributes) -> None:
        address, text = find_link(attributes.get("src")), attributes.get("alt", "").strip()
        is_in_link = self._open_links > 0
        host = find_host(address) if address else ""
        name = text or (f"image on {host}" if host else "")
        if self._heading:
            self._heading.text += name
        if address and is_image_host(address, self._image_hosts):
            source = f"https{address[address.index(':') :]}"
            alt = name if is_in_link or self._heading else text
            numbers = _find_numbers("img", attributes)
            self._write("img", src=source, alt=alt, title=attributes.get("title"), loading="lazy", **numbers)
        elif address and not is_in_link:
            self._write("a", class_="no-image", href=address, rel=LINK_REL, title=f"image on {host}")
            self._out.append(f"{escape(name)}</a>")
        elif name:
            self._write("span", class_="no-image")
            self._out.append(f"{escape(name)}</span>")

    def _write_box(self, attributes: Attributes) -> None:
        """Write the checkbox of a task as a labelled symbol, since readers cannot change it."""
        if attributes.get("type") == "checkbox":
            is_done = "checked" in attributes
            self._write("span", class_="task", role="img", aria_label="done" if is_done else "to do")
            self._out.append("☑</span>" if is_done else "☐</span>")

    def _find_id(self, attributes: Attributes) -> str | None:
        """Return the id that the author chose, or None if there is none or it is taken."""
        name = _fold(attributes.get("id") or attributes.get("name") or "")
        if not name or f"{_PREFIX}{name}" in self._ids:
            return None
        return self._make_id(name)

    def _make_id(self, name: str) -> str:
        """Return an id made from the name; if it is taken, add a number, as GitHub does."""
        first = unique = f"{_PREFIX}{_fold(name) or 'section'}"
        while unique in self._ids:
            unique = f"{first}-{self._ids[first]}"
            self._ids[first] += 1
        self._ids[unique] += 1
        return unique


def _make_tag(tag: str, **attributes: str | None) -> str:
    """Return an opening tag. Python names stand for attribute names: `class_` for `class`, `aria_label` for
    `aria-label`."""
    given = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items() if value is not None)
    return "".join((f"<{tag}", *(f' {name}="{escape(value)}"' for name, value in given), ">"))


def _fold(name: str) -> str:
    """Return the name of an anchor in lower case, with hyphens for white space."""
    return re.sub(r"\s", "-", name.strip().lower())


def _find_classes(tag: str, attributes: Attributes) -> str | None:
    given = attributes.get("class", "").split()
    found = [name for name in given if name in _CLASSES]
    aligned = _ALIGNED.fullmatch((attributes.get("style") or attributes.get("align") or "").strip().lower())
    if tag == "center":
        found.append("align-center")
    elif aligned:
        found.append(f"align-{aligned[1]}")
    return " ".join(found) or None


def _find_language(attributes: Attributes) -> str | None:
    """Return the language of a code block (from CommonMark's info string), or None if it is not highlighted."""
    names = (name.removeprefix("language-") for name in attributes.get("class", "").split() if "language-" in name)
    return next((name for name in names if is_known_language(name)), None)


def _find_numbers(tag: str, attributes: Attributes) -> Attributes:
    names = _NUMBERS.get(tag, ())
    return {name: attributes[name] for name in names if _NUMBER.fullmatch(attributes.get(name, ""))}
