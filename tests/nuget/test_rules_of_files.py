"""Rules of the license, the icon and the readme, at their edges."""

import pytest

from tests.nuget.rule_breaches import EXPRESSION, FILE, PNG
from tests.nuget.verdicts import told
from tests.support.builders import nupkg

JPEG = b"\xff\xd8\xff\xe0"
ADDRESS = "https://licenses.nuget.org/"


def licensed(expression: str, address: str | None = None) -> bytes:
    elements = {} if address is None else {"licenseUrl": address}
    return nupkg(more=EXPRESSION.format(expression), **elements)


@pytest.mark.parametrize(
    ("expression", "address"),
    [
        ("MIT", "MIT"),
        (" MIT ", "MIT"),
        ("MIT OR Apache-2.0", "MIT%20OR%20Apache-2.0"),
        ("(MIT OR Apache-2.0) AND 0BSD", "(MIT%20OR%20Apache-2.0)%20AND%200BSD"),
        ("(MIT OR Apache-2.0) AND 0BSD", "%28MIT%20OR%20Apache-2.0%29%20AND%200BSD"),
        ("GPL-2.0-or-later+", "GPL-2.0-or-later%2B"),
    ],
)
def test_an_expression_with_the_address_that_pack_tools_write(expression, address):
    assert told(licensed(expression, ADDRESS + address)) == []


@pytest.mark.parametrize(
    "address", [ADDRESS + "Apache-2.0", ADDRESS, "http://licenses.nuget.org/MIT", "https://a.example"]
)
def test_an_address_that_says_something_else(address):
    assert told(licensed("MIT", address)) == ["license-address-differs"]


def test_an_address_of_an_old_pack_tool_is_told_apart():
    assert told(licensed("MIT OR 0BSD", ADDRESS + "MIT+OR+0BSD")) == ["license-address-differs"]


def test_a_license_file_has_the_address_that_stands_for_one():
    files = {"LICENSE": b"MIT"}
    assert told(nupkg(more=FILE.format("LICENSE"), licenseUrl="https://aka.ms/deprecateLicenseUrl", files=files)) == []
    other = nupkg(more=FILE.format("LICENSE"), licenseUrl="https://a.example", files=files)
    assert told(other) == ["license-address-differs"]


@pytest.mark.parametrize(
    ("element", "codes"),
    [
        ('<license type="expression" version="1.0.0">MIT</license>', []),
        ('<license type="expression" version="1.0">MIT</license>', ["license-version-unknown"]),
        ('<license type="expression" version="">MIT</license>', ["license-version-unknown"]),
        ('<license type="expression" version=" 1.0.0 ">MIT</license>', ["license-version-unknown"]),
        ('<license type=" expression ">MIT</license>', ["license-type-unknown"]),
        ('<license type="EXPRESSION">MIT</license>', []),
        ("<license>MIT</license>", ["license-type-unknown"]),
        ('<license type="expression"><b>MIT</b></license>', ["element-nested"]),
        ('<license type="file"></license>', ["license-empty"]),
        ('<license type="expression">mit</license>', ["license-unknown"]),
        ('<license type="expression">MIT and 0BSD</license>', ["license-expression-invalid"]),
        (f'<license type="expression">{" AND ".join(["MIT"] * 70)}</license>', ["text-too-long"]),
    ],
)
def test_a_license_element(element, codes):
    assert told(nupkg(more=element)) == codes


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("LICENSE", []),
        ("docs/LICENSE.TXT", []),
        ("license.md", []),
        ("v1.0/LICENSE", []),
        ("LICENSE.rtf", ["license-extension"]),
        ("LICENSE.", ["license-extension"]),
    ],
)
def test_the_name_of_a_license_file(name, codes):
    assert told(nupkg(more=FILE.format(name), files={name: b"MIT"})) == codes


@pytest.mark.parametrize(("content", "codes"), [(b"a\tb\r\n\f\xe4", []), (b"a\x1bb", ["license-not-text"])])
def test_the_text_of_a_license_file(content, codes):
    assert told(nupkg(more=FILE.format("a.txt"), files={"a.txt": content})) == codes


@pytest.mark.parametrize(
    ("name", "content", "codes"),
    [
        ("a.png", PNG, []),
        ("a.PNG", PNG, []),
        ("a.jpg", JPEG, []),
        ("a.jpeg", JPEG, []),
        ("a.jpg", PNG, []),
        ("a.gif", b"GIF89a", ["icon-extension"]),
        ("a", PNG, ["icon-extension"]),
        ("a.png", b"", ["icon-not-image"]),
        ("a.png", PNG[:7], ["icon-not-image"]),
        ("a.png", b" " + PNG, ["icon-not-image"]),
    ],
)
def test_an_icon(name, content, codes):
    assert told(nupkg(icon=name, files={name: content})) == codes


@pytest.mark.parametrize(
    ("name", "content", "codes"),
    [
        ("a.md", b"# A", []),
        ("a.MD", b"\xef\xbb\xbf# A\r\n\tb", []),
        ("a.markdown", b"# A", ["readme-extension"]),
        ("a.md", b"", ["readme-empty"]),
        ("a.md", b" \n", []),
        ("a.md", "# A".encode("utf-16"), ["readme-not-text"]),
        ("a.md", b"\xff", ["readme-not-utf8"]),
    ],
)
def test_a_readme(name, content, codes):
    assert told(nupkg(readme=name, files={name: content})) == codes
