"""Rules for package types, and for two special types: symbols packages and MCP servers."""

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
    """Check the name and version of each `<packageType>`."""
    for element in subject.metadata.children_named("packageTypes", "packageType"):
        name = trim(element.find_attribute("name") or "")
        version = element.find_attribute("version")
        if not name:
            yield Fault("type-unnamed", 'A <packageType> has no name, so clients fail. Add name="…".')
        elif not is_type_name(name):
            message = (
                f"The package type {quote(name)} is not a valid name. Use letters, digits and '_', with '.' or '-' "
                "between them."
            )
            yield Fault("type-invalid", message)
        if version is not None and not is_system_version(version):
            message = (
                f"The package type {quote(name)} has the version {quote(version)}. Use two to four numbers such as "
                "1.0, or remove it."
            )
            yield Fault("type-version-invalid", message)


def check_symbols(subject: Subject) -> Iterator[Fault]:
    """Refuse symbols packages, which this server does not support yet."""
    names = {kind.name.lower() for kind in subject.package.package_types}
    if names == {"symbolspackage"}:
        message = "This server does not support symbols packages yet. Push the package without its symbols."
        yield Fault("type-symbols", message)


def check_mcp(subject: Subject) -> Iterator[Fault]:
    """Check that an MCP server is also a .NET tool and has a valid .mcp/server.json."""
    names = {kind.name.lower() for kind in subject.package.package_types}
    if "mcpserver" not in names:
        return
    if "dotnettool" not in names:
        message = "A package of type McpServer must also be a tool. Add the package type DotnetTool."
        yield Fault("mcp-without-tool", message)
        return
    server = subject.find_embedded(Role.SERVER_JSON)
    if server is None or server.entry is None:
        message = "The package has no .mcp/server.json, so users cannot see how to start its MCP server. Add one."
        yield Fault("mcp-server-missing", message)
        return
    most = subject.limits.max_server_json_length
    reason = _find_reason(server, most)
    if reason:
        message = f"The .mcp/server.json {reason}. It must be one JSON object of at most {most:,} characters."
        yield Fault("mcp-server-invalid", message)


def _find_reason(server: Embedded, most: int) -> str | None:
    """Return what is wrong with the server.json, or None if it is valid or its bytes already have a fault."""
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
    return None if is_object else "is not a JSON object"


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
        "The name of a package type is invalid.",
        '<packageType name="bad name!" />',
        check_types,
    ),
    Rule(
        "type-version-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "The version of a package type is not two to four numbers.",
        '<packageType name="DotnetTool" version="1" />',
        check_types,
    ),
    Rule(
        "type-symbols",
        Severity.ALWAYS,
        _TYPES,
        "It is a symbols package, which this server does not support yet.",
        '<packageType name="SymbolsPackage" />',
        check_symbols,
    ),
    Rule(
        "mcp-without-tool",
        Severity.GALLERY,
        _MCP,
        "It is an MCP server but not a tool.",
        '<packageType name="McpServer" /> alone',
        check_mcp,
    ),
    Rule(
        "mcp-server-missing",
        Severity.WARNING,
        _MCP,
        "An MCP server has no .mcp/server.json.",
        "an MCP server with only its DLL",
        check_mcp,
    ),
    Rule(
        "mcp-server-invalid",
        Severity.GALLERY,
        _MCP,
        "The .mcp/server.json is not a JSON object, or is too long.",
        "[]",
        check_mcp,
    ),
)
