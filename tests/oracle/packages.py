"""Packages as tools and people pack them: files in every folder that clients know, odd names, runtime.json."""

import io
import json
import zipfile
from random import Random
from typing import Final

from tests.oracle import texts
from tests.oracle.documents import make_nuspec
from tests.support.builders import nuspec

_PLACES: Final = (
    *("lib/{}/A.dll", "lib/{}/A.dll", "lib/{}/de/A.resources.dll", "ref/{}/A.dll", "build/{}/Acme.Widgets.props"),
    *(
        "buildTransitive/{}/Acme.Widgets.targets",
        "buildMultiTargeting/{}/a.props",
        "content/{}/a.txt",
        "tools/{}/a.exe",
    ),
    *("tools/{}/any/a.dll", "contentFiles/any/{}/a.txt", "contentFiles/{}/net45/a.txt", "runtimes/win/lib/{}/A.dll"),
    *("runtimes/{}/native/a.so", "runtimes/win/nativeassets/{}/a.so", "embed/{}/A.dll", "src/{}/A.cs", "LIB/{}/B.dll"),
    *("analyzers/dotnet/{}/A.dll", "lib/{}/_._", "lib/{}", "docs/{}/a.md", "lib/net45/{}/A.dll"),
)
_FOLDERS: Final = (
    "net8.0",
    "net45",
    "netstandard2.0",
    "portable-net45+win8",
    "40",
    "any",
    "cs",
    "win-x64",
    "net45-full",
)
_GRAPHS: Final = (
    '{"runtimes": {"win": {"#import": ["any"], "Acme.A": {"Acme.B": "1.0"}}}, "supports": {"a": {"net46": ["win"]}}}',
    *("{}", "[]", "null", "", "{", '"x"', "1", "{} {}", '{"runtimes": []}', '{"runtimes": null}', '{"runtimes": 1}'),
    *(
        '{"runtimes": {"win": []}}',
        '{"runtimes": {"win": {"#import": "any"}}}',
        '{"runtimes": {"win": {"#import": [1]}}}',
    ),
    *('{"runtimes": {"win": {"A": {"B": "x"}}}}', '{"runtimes": {"win": {"A": {"B": null}}}}', '{"supports": 1}'),
    *('{"runtimes": {"win": {"A": {"B": ["1.0"]}}}}', '{"supports": {"a": {"net46": "win"}}}', '{"a": 1,}'),
    *(
        '{"supports": {"a": {"portable-a-b": "x"}}}',
        '{"supports": {"a": {"net46": [[]]}}}',
        '{"supports": {"a": null}}',
    ),
    *('// comment\n{"runtimes": {}}', '{"a": "// no comment", /* c */ "b": 1}', '\ufeff{"runtimes": {}}', "{'a': 1}"),
)


def make_package(chance: Random) -> bytes:
    """One package; the same state of chance makes the same bytes."""
    document = make_nuspec(chance) if chance.random() < 0.3 else nuspec("Acme.Widgets")
    files = {_name(chance): b"x" for _ in range(chance.randint(1, 6))}
    if chance.random() < 0.3:
        files["runtime.json"] = _graph(chance).encode()
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"Acme.Widgets.nuspec": document, **files}.items():
            info = zipfile.ZipInfo(name, (2024, 1, 2, 3, 4, 6))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return into.getvalue()


def _name(chance: Random) -> str:
    folder = texts.make_framework(chance) if chance.random() < 0.4 else chance.choice(_FOLDERS)
    if chance.random() < 0.2:
        folder = folder.replace("+", "%2B").replace(",", "%2C").replace(" ", "%20")
    if chance.random() < 0.03:
        folder += "x" * chance.choice((240, 255, 300))
    return chance.choice(_PLACES).format(folder)


def _graph(chance: Random) -> str:
    if chance.random() < 0.7:
        return chance.choice(_GRAPHS)
    dependencies = {"Acme.B": texts.make_range(chance)}
    supports = {"a": {texts.make_framework(chance): chance.choice(("win", ["win", "linux"], []))}}
    return json.dumps({"runtimes": {"win": {"#import": [], "Acme.A": dependencies}}, "supports": supports})
