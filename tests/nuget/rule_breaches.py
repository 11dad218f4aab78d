"""One package for each rule that judges packages: sound but for what breaks that rule."""

from tests.support.builders import Member, hostile, nupkg, nuspec, zip_of

PNG = b"\x89PNG\r\n\x1a\n"
README = b"# Hello"
DEPENDENCIES = "<dependencies>{}</dependencies>"
TYPES = "<packageTypes>{}</packageTypes>"
MCP = TYPES.format('<packageType name="DotnetTool" /><packageType name="McpServer" />')
EXPRESSION = '<license type="expression">{}</license>'
FILE = '<license type="file">{}</license>'


def grouped(*frameworks: str) -> bytes:
    groups = "".join(f'<group targetFramework="{framework}" />' for framework in frameworks)
    return nupkg(more=DEPENDENCIES.format(groups))


def typed(element: str) -> bytes:
    return nupkg(more=TYPES.format(element))


BREACHES = {
    "nuspec-missing": zip_of([Member("lib/a.dll")]),
    "nuspec-several": zip_of([Member("a.nuspec", nuspec()), Member("b.nuspec", nuspec())]),
    "nuspec-in-folder": nupkg(files={"lib/b.nuspec": b""}),
    "entries-too-many": zip_of([Member("a.nuspec", nuspec()), *(Member(f"{n}") for n in range(65_533))]),
    "entry-unnamed": hostile(Member("./")),
    "entry-name-control": hostile(Member("a\nb")),
    "entry-outside": hostile(Member("../a")),
    "entry-double-backslash": hostile(Member("lib\\\\a")),
    "entry-name-too-long": hostile(Member("x" * 5000)),
    "entry-encrypted": hostile(Member("a", flags=1)),
    "entry-special": hostile(Member("a", b"b", central={"external": 0o120777 << 16})),
    "entry-folder-filled": hostile(Member("lib/", b"content")),
    "entry-from-future": hostile(Member("a", central={"date": 0x8C21}, local={"date": 0x8C21})),
    "entry-twice": nupkg(files={"lib/a": b"", "LIB/A": b""}),
    "wrapping-twice": hostile(Member("%5BContent_Types%5D.xml"), Member("[Content_Types].xml")),
    "entry-file-and-folder": nupkg(files={"lib/x": b"", "lib/x/y": b""}),
    "framework-portable-profile": nupkg(files={"lib/portable-net40-client%2Bsl5/a.dll": b""}),
    "id-reserved": nupkg("Create-Verification-Key"),
    "id-not-ascii": nupkg("Größe"),
    "id-ambiguous": nupkg("\u212aelvin"),
    "version-without-dot": nupkg(version="1"),
    "version-label-old": nupkg(version="1.0.0-1a"),
    "version-too-long": nupkg(version="1.0.0+" + "a" * 59),
    "identity-too-long": nupkg("a" * 100, "1.0.0-" + "a" * 58),
    "identity-unstorable": nupkg("a" * 50, "1.0.0-" + "a" * 200),
    "nuspec-noncharacter": nupkg(description="odd \ufdd0"),
    "nuspec-not-normalized": nupkg(title="Cafe\u0301"),
    "element-repeated": nupkg(more="<title>A</title><title>B</title>"),
    "element-reserved": nupkg(more="<listed>false</listed>"),
    "element-misspelt": nupkg(more="<Tags>a</Tags>"),
    "element-nested": nupkg(more="<icon><b>a.png</b></icon>", files={"a.png": PNG}),
    "text-too-long": nupkg(title="x" * 257),
    "description-missing": nupkg(description=" "),
    "authors-missing": nupkg(authors=""),
    "flag-invalid": nupkg(serviceable="maybe"),
    "address-invalid": nupkg(projectUrl="javascript:alert(1)"),
    "address-unreadable": nupkg(projectUrl="https://a.example/a page"),
    "repository-hidden": nupkg(more='<repository type="git" url="ssh://git.example/a" />'),
    "client-version-invalid": nupkg(nuspec=nuspec().replace(b"<metadata>", b'<metadata minClientVersion="new">')),
    "client-version-too-new": nupkg(nuspec=nuspec().replace(b"<metadata>", b'<metadata minClientVersion="99.0">')),
    "dependency-group-repeated": grouped("net8.0", ".NETCoreApp8.0"),
    "framework-unknown": grouped("spork7.0"),
    "framework-unreadable": grouped(".NETStandard,Version=two"),
    "assembly-framework-unknown": nupkg(
        more="<frameworkAssemblies>"
        '<frameworkAssembly assemblyName="System" targetFramework="net45, spork7.0" /></frameworkAssemblies>'
    ),
    "dependency-repeated": nupkg(dependencies={"B": "1.0", "b": "2.0"}),
    "dependency-on-itself": nupkg(dependencies={"ACME.widgets": "1.0"}),
    "dependency-build-metadata": nupkg(dependencies={"B": "[1.0.0+build]"}),
    "dependency-label-old": nupkg(dependencies={"B": "(,1.0.0-1a]"}),
    "dependencies-mixed": nupkg(
        more=DEPENDENCIES.format('<dependency id="B" version="1.0" /><group targetFramework="net8.0" />')
    ),
    "dependency-range-missing": nupkg(dependencies={"B": None}),
    "dependencies-too-long": nupkg(dependencies={f"Some.Package.Number{n}": "1.0.0" for n in range(1200)}),
    "content-files-invalid": nupkg(more='<contentFiles><files include="**" flatten="yes" /></contentFiles>'),
    "framework-reference-invalid": nupkg(
        more='<frameworkReferences><group><frameworkReference name="A" /></group></frameworkReferences>'
    ),
    "runtime-json-invalid": nupkg(files={"runtime.json": b"[]"}),
    "type-unnamed": typed("<packageType />"),
    "type-invalid": typed('<packageType name="bad name!" />'),
    "type-version-invalid": typed('<packageType name="DotnetTool" version="x" />'),
    "type-symbols": typed('<packageType name="SymbolsPackage" />'),
    "mcp-without-tool": nupkg(more=MCP.replace("DotnetTool", "Template"), files={".mcp/server.json": b"{}"}),
    "mcp-server-missing": nupkg(more=MCP),
    "mcp-server-invalid": nupkg(more=MCP, files={".mcp/server.json": b"[]"}),
    "license-missing": nupkg(),
    "license-placeholder": nupkg(licenseUrl="https://aka.ms/deprecateLicenseUrl"),
    "license-address-old": nupkg(licenseUrl="https://a.example/license"),
    "license-type-unknown": nupkg(more='<license type="url">https://a.example</license>'),
    "license-version-unknown": nupkg(more='<license type="expression" version="2.0.0">MIT</license>'),
    "license-empty": nupkg(more=EXPRESSION.format(" ")),
    "license-expression-invalid": nupkg(more=EXPRESSION.format("MIT AND")),
    "license-unknown": nupkg(more=EXPRESSION.format("Acme-1.0")),
    "license-unlicensed": nupkg(more=EXPRESSION.format("UNLICENSED")),
    "license-not-open": nupkg(more=EXPRESSION.format("MIT OR CC-BY-NC-4.0")),
    "license-not-packed": nupkg(more=FILE.format("License.txt"), files={"LICENSE.txt": b"MIT"}),
    "license-extension": nupkg(more=FILE.format("LICENSE.pdf"), files={"LICENSE.pdf": b"MIT"}),
    "license-not-text": nupkg(more=FILE.format("LICENSE"), files={"LICENSE": b"MIT\0"}),
    "license-address-missing": nupkg(more=EXPRESSION.format("MIT")),
    "license-address-differs": nupkg(more=EXPRESSION.format("MIT"), licenseUrl="https://a.example"),
    "embedded-too-large": nupkg(icon="a.png", files={"a.png": PNG + bytes(1024 * 1024)}),
    "icon-not-packed": nupkg(icon="images/a.png", files={"a.png": PNG}),
    "icon-extension": nupkg(icon="a.svg", files={"a.svg": b"<svg/>"}),
    "icon-not-image": nupkg(icon="a.png", files={"a.png": b"<html>"}),
    "icon-address-old": nupkg(iconUrl="https://a.example/a.png"),
    "readme-missing": nupkg(),
    "readme-not-packed": nupkg(readme="docs/README.md", files={"README.md": README}),
    "readme-extension": nupkg(readme="README.txt", files={"README.txt": README}),
    "readme-empty": nupkg(readme="README.md", files={"README.md": b""}),
    "readme-not-text": nupkg(readme="README.md", files={"README.md": b"# \0"}),
    "readme-not-utf8": nupkg(readme="README.md", files={"README.md": "# Größe".encode("latin-1")}),
}
