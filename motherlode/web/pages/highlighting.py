"""Syntax highlighting in READMEs: Pygments splits code into tokens, and this module gives each token a CSS class.

Invariant: the joined pieces of a block equal the block, and each class is one of `CLASSES`. The work for one README is
bounded by counting, so the result does not depend on the speed of the machine.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Any, Final

CLASSES: Final = frozenset("acdfikmstv")
"""The classes that have a colour in the style sheet."""
MAX_BLOCK: Final = 5_000
"""Max characters of a block; longer blocks are not highlighted."""
MAX_LINE: Final = 300
"""Max characters of a line; blocks with longer lines are not highlighted."""
MAX_CODE: Final = 30_000
"""Max characters of all highlighted blocks of one README."""
_MAX_WORK: Final = 3_000_000
"""Max work for all blocks of one README. Each token costs the number of characters from it to the end of its block: a
lexer may search that far for the end of an unclosed string or comment."""
_WORK_PER_TOKEN: Final = 100

_LANGUAGES: Final = {
    "bash": ("bash", "sh", "shell", "zsh", "console"),
    "csharp": ("csharp", "cs", "c#", "csx"),
    "css": ("css",),
    "diff": ("diff", "patch"),
    "fsharp": ("fsharp", "fs", "f#", "fsx"),
    "html": ("html", "cshtml", "razor"),
    "javascript": ("javascript", "js"),
    "json": ("json", "jsonc"),
    "powershell": ("powershell", "pwsh", "ps1", "ps"),
    "python": ("python", "py"),
    "sql": ("sql", "tsql"),
    "toml": ("toml",),
    "typescript": ("typescript", "ts"),
    "vbnet": ("vbnet", "vb", "visualbasic"),
    "xml": ("xml", "xaml", "csproj", "fsproj", "vbproj", "msbuild", "props", "targets", "config", "nuspec"),
    "yaml": ("yaml", "yml"),
}
"""Pygments lexers by name, each with the language names that authors use. Only measured lexers are listed: some others
need seconds for one token of hostile code (docs/adr/0022)."""
_LEXERS: Final = {alias: lexer for lexer, aliases in _LANGUAGES.items() for alias in aliases}
_OPTIONS: Final[dict[str, dict[str, Any]]] = {"csharp": {"unicodelevel": "none"}}
"""Options of lexers. The other Unicode levels of C# are ten times slower: they match identifiers against classes of
thousands of characters."""

_KINDS: Final = {
    "Comment.Preproc": "k",
    "Comment.PreprocFile": "s",
    "Comment": "c",
    "Generic.Deleted": "d",
    "Generic.Inserted": "i",
    "Generic.Heading": "k",
    "Generic.Subheading": "k",
    "Keyword.Constant": "m",
    "Keyword.Type": "t",
    "Keyword": "k",
    "Literal.Number": "m",
    "Literal.String": "s",
    "Name.Attribute": "a",
    "Name.Builtin": "f",
    "Name.Class": "t",
    "Name.Decorator": "a",
    "Name.Function": "f",
    "Name.Tag": "t",
    "Name.Variable": "v",
    "Operator.Word": "k",
}
"""CSS classes by Pygments token type; each one also applies to the subtypes."""


def is_known_language(name: str) -> bool:
    """Whether code in this language is highlighted; case does not matter."""
    return name.lower() in _LEXERS


class Highlighter:
    """Highlights the code blocks of one README; call `highlight` once for each block."""

    def __init__(self) -> None:
        self._work_left = _MAX_WORK
        self._code_left = MAX_CODE

    def highlight(self, code: str, language: str) -> Iterator[tuple[str | None, str]]:
        """Return the code in pieces, each with its class or None. Code beyond a limit, or in an unknown language, has
        no classes."""
        lexer = _LEXERS.get(language.lower())
        if lexer is None or self._is_too_much(code):
            return iter([(None, code)])
        self._code_left -= len(code)
        return _join_equal(self._split(lexer, code))

    def _is_too_much(self, code: str) -> bool:
        if len(code) > min(MAX_BLOCK, self._code_left) or self._work_left <= 0:
            return True
        return any(len(line) > MAX_LINE for line in code.split("\n"))

    def _split(self, lexer: str, code: str) -> Iterator[tuple[str | None, str]]:
        done = 0
        for start, kind, text in self._tokens(lexer, code):
            self._work_left -= len(code) - start + _WORK_PER_TOKEN
            if start != done or not code.startswith(text, start) or self._work_left <= 0:
                break
            yield _class_of(kind), text
            done += len(text)
        yield None, code[done:]

    def _tokens(self, lexer: str, code: str) -> Iterator[tuple[int, str, str]]:
        try:
            for start, kind, text in _get_lexer(lexer).get_tokens_unprocessed(code):
                yield start, str(kind), text
        except Exception:  # noqa: BLE001 a lexer's failure is harmless: the rest of the block stays plain
            return


@lru_cache(maxsize=len(_LANGUAGES))
def _get_lexer(name: str) -> Any:
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]  # noqa: PLC0415 only for READMEs

    return get_lexer_by_name(name, **_OPTIONS.get(name, {}))


@lru_cache(maxsize=512)
def _class_of(kind: str) -> str | None:
    name = kind.removeprefix("Token.")
    while name:
        if name in _KINDS:
            return _KINDS[name]
        name = name.rpartition(".")[0]
    return None


def _join_equal(pieces: Iterator[tuple[str | None, str]]) -> Iterator[tuple[str | None, str]]:
    """Join neighbouring pieces of the same class, and drop empty pieces."""
    last, text = None, ""
    for name, more in chain(pieces, [(None, "")]):
        if name == last:
            text += more
        else:
            if text:
                yield last, text
            last, text = name, more
    if text:
        yield last, text
