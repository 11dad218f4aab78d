"""Rules of package types, and of the kinds of packages that need more than a name: symbols and MCP servers."""

import json
from collections.abc import Iterator

from motherlode.nuget.blanks import trim
from motherlode.nuget.embedded_files import Embedded, Role
from motherlode.nuget.faults import Fault
from motherlode.nuget.nuspec.parser import is_system_version, is_type_name
from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.nuget.quoting import quote
from motherlode.nuget.validation.rule import Rule, Severity, Subject, length_of

_MAX_BYTES_PER_CHARACTER = 4


def check_types(subject: Subject) -> Iterator[Fault]:
    """Look at each `<packageType>` as it was written."""
    for element in subject.metadata.children_named("packageTypes", "packageType"):
        name = trim(element.find_attribute("name") or "")
        version = element.find_attribute("version")
        if not name:
            yield Fault("type-unnamed", 'A <packageType> has no name, on which clients stop: say name="…".')
        elif not is_type_name(name):
            message = (
                f"The package type {quote(name)} is no name: use letters, digits and '_', with '.' or '-' between."
            )
            yield Fault("type-invalid", message)
        if version is not None and not is_system_version(version):
            message = (
                f"The package type {quote(name)} has the version {quote(version)}: write two to four numbers such as "
                "1.0, or leave it out."
            )
            yield Fault("type-version-invalid", message)


def check_symbols(subject: Subject) -> Iterator[Fault]:
    """Refuse packages of symbols, for which there is no address yet."""
    names = {kind.name.lower() for kind in subject.package.package_types}
    if names == {"symbolspackage"}:
        message = (
            "This is a symbols package, and this server takes no symbols yet: push the package without its symbols."
        )
        yield Fault("type-symbols", message)


def check_mcp(subject: Subject) -> Iterator[Fault]:
    """Look at packages of MCP servers: they are tools, and say how they are started."""
    names = {kind.name.lower() for kind in subject.package.package_types}
    if "mcpserver" not in names:
        return
    if "dotnettool" not in names:
        message = "A package of the type McpServer is a tool too: add the package type DotnetTool."
        yield Fault("mcp-without-tool", message)
        return
    server = subject.find_embedded(Role.SERVER_JSON)
    if server is None or server.entry is None:
        message = "The package has no .mcp/server.json, so nobody can see how its MCP server is started: add one."
        yield Fault("mcp-server-missing", message)
        return
    most = subject.limits.max_server_json_length
    reason = _find_reason(server, most)
    if reason:
        message = f"The .mcp/server.json {reason}: put one JSON object of at most {most:,} characters there."
        yield Fault("mcp-server-invalid", message)


def _find_reason(server: Embedded, most: int) -> str | None:
    """What is wrong with a server.json; None where it is well, or where its bytes are broken and that is told."""
    if server.entry is not None and server.entry.size > most * _MAX_BYTES_PER_CHARACTER:
        return "is too long"
    if server.content is None:
        return None
    text = server.content.decode("utf-8-sig", errors="replace")
    if length_of(text) > most:
        return "is too long"
    try:
        is_object = isinstance(parse_by(json.loads, text), dict)
    except Unreadable:
        is_object = False
    return None if is_object else "holds no JSON object"


_TYPES, _MCP = "NuGet, package types", "nuget.org, MCP servers"

RULES = (
    Rule(
        "type-unnamed",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "A package type has no name.",
        "<packageType />",
        check_types,
    ),
    Rule(
        "type-invalid",
        Severity.GALLERY,
        "nuget.org, manifest",
        "The name of a package type is none.",
        '<packageType name="bad name!" />',
        check_types,
    ),
    Rule(
        "type-version-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "The version of a package type is not made of two to four numbers.",
        '<packageType name="DotnetTool" version="1" />',
        check_types,
    ),
    Rule(
        "type-symbols",
        Severity.ALWAYS,
        _TYPES,
        "It is a symbols package, which this server does not take yet.",
        '<packageType name="SymbolsPackage" />',
        check_symbols,
    ),
    Rule(
        "mcp-without-tool",
        Severity.GALLERY,
        _MCP,
        "It is an MCP server and no tool.",
        '<packageType name="McpServer" /> alone',
        check_mcp,
    ),
    Rule(
        "mcp-server-missing",
        Severity.WARNING,
        _MCP,
        "An MCP server has no .mcp/server.json.",
        "an MCP server with its DLL alone",
        check_mcp,
    ),
    Rule(
        "mcp-server-invalid",
        Severity.GALLERY,
        _MCP,
        "The .mcp/server.json is no JSON object, or too long.",
        "[]",
        check_mcp,
    ),
)
