"""The rule for runtime.json, which clients read when they restore for a runtime identifier."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from motherlode.nuget.embedded_files import Embedded, Role
from motherlode.nuget.faults import Fault
from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.nuget.quoting import quote
from motherlode.nuget.ranges import InvalidVersionRange, parse_range
from motherlode.nuget.validation.rule import Rule, Severity, Subject

# An unclosed string or comment extends to the end: retrying from each quote would take quadratic time.
_STRING = r'"(?:\\(?:.|\Z)|[^"\\])*+(?:"|\Z)'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*+[}}\]])", re.DOTALL)
_FLOATING = re.compile(r"(?:[0-9]{1,9}\.){0,3}\*|[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}-\*")


def check_runtime(subject: Subject) -> Iterator[Fault]:
    """Check the runtime.json at the root of the package."""
    found = subject.find_embedded(Role.RUNTIME_JSON)
    reason = _find_reason(found, subject.limits.max_embedded_bytes) if found is not None else None
    if reason:
        yield Fault("runtime-json-invalid", f"The runtime.json {reason}, so clients fail. Correct it.")


def _find_reason(found: Embedded, most: int) -> str | None:
    """Return what is wrong with the file, or None if it is valid or its bytes already have a fault."""
    if found.entry is not None and found.entry.size > most:
        return f"is larger than {most} bytes"
    if found.content is None:
        return None
    try:
        _check_graph(parse_by(json.loads, _decode(found.content)))
    except Unreadable as error:
        return "is nested too deeply" if isinstance(error.__cause__, RecursionError) else "is not JSON"
    except _WrongGraph as wrong:
        return str(wrong)
    return None


class _WrongGraph(ValueError):
    """`str()` says what is wrong and completes the sentence "The runtime.json …"."""


def _decode(content: bytes) -> str:
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if is_utf16 else "utf-8-sig", errors="replace")
    # quirk: clients accept comments, and a comma after the last value.
    return _TRAILING_COMMA.sub(_keep_string, _COMMENT.sub(_keep_string, text))


def _keep_string(match: re.Match[str]) -> str:
    # A function, since a replacement template would hold the interpreter until the whole file is done.
    return match[1] or ""


def _check_graph(graph: object) -> None:
    if not isinstance(graph, dict):
        raise _WrongGraph("is not a JSON object")
    for name, runtime in _object(graph.get("runtimes"), "runtimes").items():
        for key, value in _object(runtime, name).items():
            if key == "#import":
                _check_strings(value, key)
            else:
                _check_ranges(_object(value, key))
    for name, profile in _object(graph.get("supports"), "supports").items():
        for framework, runtimes in _object(profile, name).items():
            if not parse_framework(framework).is_readable:
                raise _WrongGraph(f"names the invalid framework {quote(framework)}")
            if not isinstance(runtimes, str):
                _check_strings(runtimes, framework)


def _object(value: object, name: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _WrongGraph(f"has a value for {quote(name)} that is not an object")
    return value


def _check_strings(value: object, name: str) -> None:
    if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        raise _WrongGraph(f"has a value for {quote(name)} that is not a list of strings")


def _check_ranges(dependencies: dict[str, Any]) -> None:
    for name, text in dependencies.items():
        # quirk: a version can float here, as in a project file.
        if isinstance(text, str) and _FLOATING.fullmatch(text):
            continue
        try:
            parse_range(text if isinstance(text, str) else "")
        except InvalidVersionRange:
            raise _WrongGraph(f"has an invalid version range for {quote(name)}") from None


RULES = (
    Rule(
        "runtime-json-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "The runtime.json at the root is not valid for clients.",
        "a runtime.json with the content []",
        check_runtime,
    ),
)
