"""runtime.json at the root of a package, as clients read it."""

import pytest

from tests.nuget.verdicts import told
from tests.support.builders import nupkg

GRAPH = '{"runtimes": {"win": {"#import": ["any"], "A": {"B": "1.0"}}}, "supports": {"a": {"net46": ["win"]}}}'


@pytest.mark.parametrize(
    "text",
    [
        GRAPH,
        "{}",
        '{"runtimes": null, "supports": {"a": null, "b": {"net46": "win"}}}',
        '// comment\n{"a": "// none", /* c */ "b": [1, 2,],}',
        "\ufeff{}",
        '{"runtimes": {"win": {"A": {"B": "1.*", "C": "*", "D": "[1.0, 2.0)", "E": "1.0.0-*"}}}}',
    ],
)
def test_a_runtime_graph_is_taken(text: str) -> None:
    assert told(nupkg(files={"runtime.json": text.encode()})) == []


def test_a_runtime_graph_in_utf16_is_taken() -> None:
    assert told(nupkg(files={"runtime.json": GRAPH.encode("utf-16")})) == []


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "null", "", "{", '"x"', "1", "{} {}", '{"a": 1,,}', "[" * 10_000, '{"a":' * 10_000),
        *('{"runtimes": []}', '{"runtimes": {"win": 1}}', '{"runtimes": {"win": {"#import": "any"}}}'),
        *('{"runtimes": {"win": {"#import": [1]}}}', '{"runtimes": {"win": {"A": []}}}', '{"supports": 1}'),
        *('{"runtimes": {"win": {"A": {"B": "x"}}}}', '{"runtimes": {"win": {"A": {"B": null}}}}'),
        *('{"runtimes": {"win": {"A": {"B": "1.*.*"}}}}', '{"supports": {"a": {"net46": [1]}}}'),
        *('{"supports": {"a": {".NETFramework,Version=vX": "win"}}}', '{"supports": {"a": {"net46": null}}}'),
    ],
)
def test_what_clients_stop_on_is_refused(text: str) -> None:
    assert told(nupkg(files={"runtime.json": text.encode()})) == ["runtime-json-invalid"]


def test_one_that_is_too_large_to_look_at_is_refused() -> None:
    content = b"{" + b" " * 1024 * 1024 + b"}"
    assert told(nupkg(files={"runtime.json": content})) == ["runtime-json-invalid"]


@pytest.mark.parametrize(("name", "codes"), [("Runtime.JSON", ["runtime-json-invalid"]), ("lib/runtime.json", [])])
def test_it_lies_at_the_root_in_any_letter_case(name: str, codes: list[str]) -> None:
    assert told(nupkg(files={name: b"[]"})) == codes
