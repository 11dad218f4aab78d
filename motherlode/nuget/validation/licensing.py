"""Rules for the license: an expression, a file, or the URL of older packages."""

from collections.abc import Iterator
from urllib.parse import quote as percent_encode
from urllib.parse import unquote

from motherlode.nuget.embedded_files import Role, is_text
from motherlode.nuget.faults import Fault
from motherlode.nuget.licenses import UNLICENSED, InvalidLicense, UnknownLicense, parse_license
from motherlode.nuget.nuspec.nuspec_xml import RawElement
from motherlode.nuget.quoting import quote
from motherlode.nuget.validation.rule import Rule, Severity, Subject

FILE_ADDRESS = "https://aka.ms/deprecateLicenseUrl"
EXPRESSION_ADDRESS = "https://licenses.nuget.org/"
_TEXT_NAMES = ("", ".txt", ".md")


def check_presence(subject: Subject) -> Iterator[Fault]:
    """Check that there is a license of some kind."""
    if subject.find_element("license") is not None:
        return
    address = subject.text_of("licenseUrl")
    if not address:
        message = "The package has no license. Add <license>, so that users know what they may do."
        yield Fault("license-missing", message)
    elif address == FILE_ADDRESS:
        message = "The <licenseUrl> refers to a license file, but there is none. Add <license>, or remove <licenseUrl>."
        yield Fault("license-placeholder", message)
    else:
        yield Fault("license-address-old", "The <licenseUrl> element is deprecated. Use <license> instead.")


def check_element(subject: Subject) -> Iterator[Fault]:
    """Check the `<license>` element: its type, its version, its text."""
    element = subject.find_element("license")
    if element is None:
        return
    # quirk: nuget.org trims neither attribute, and an empty attribute is not an absent one.
    kind, version = element.find_attribute("type") or "", element.find_attribute("version")
    if kind.lower() not in ("expression", "file"):
        message = f'The <license> has the type {quote(kind)}. Use type="expression" or type="file".'
        yield Fault("license-type-unknown", message)
    if version is not None and version != "1.0.0":
        yield Fault(
            "license-version-unknown", f"The <license> has the unsupported version {quote(version)}. Remove it."
        )
    if not element.text.strip():
        message = 'The <license> is empty. Enter an expression such as MIT, or with type="file" the name of a file.'
        yield Fault("license-empty", message)


def check_expression(subject: Subject) -> Iterator[Fault]:
    """Check that the expression can be read and that its licenses are open."""
    element = subject.find_element("license")
    text = element.text.strip() if element is not None and _kind_of(element) == "expression" else ""
    if not text or len(text) > subject.limits.max_license_length:
        return
    try:
        expression = parse_license(text)
    except UnknownLicense as unknown:
        yield Fault("license-unknown", str(unknown))
    except InvalidLicense as invalid:
        yield Fault("license-expression-invalid", str(invalid))
    else:
        if UNLICENSED in expression.licenses:
            message = "UNLICENSED does not allow anyone to use the package. Choose a license that does."
            yield Fault("license-unlicensed", message)
        elif expression.closed_licenses:
            names = ", ".join(expression.closed_licenses)
            message = f"Neither the OSI nor the FSF approves {names}. Choose another license, or pack a license file."
            yield Fault("license-not-open", message)


def check_file(subject: Subject) -> Iterator[Fault]:
    """Check the license file: that it is in the package, its name, its text."""
    found = subject.find_embedded(Role.LICENSE)
    if found is None:
        return
    if found.entry is None:
        message = (
            f"The license file {quote(found.path)} is not in the package (names are case-sensitive). Pack it, or "
            "correct <license>."
        )
        yield Fault("license-not-packed", message)
        return
    name = quote(found.name)
    if not _has_text_name(found.name):
        yield Fault("license-extension", f"The license file {name} must be a .txt or .md file, or have no extension.")
    if found.content is not None and not is_text(found.content):
        message = f"The license file {name} contains control characters, so it is not text. Save it as UTF-8 text."
        yield Fault("license-not-text", message)


def check_address(subject: Subject) -> Iterator[Fault]:
    """Compare `<licenseUrl>` with what pack tools add to a `<license>`."""
    element, address = subject.find_element("license"), subject.text_of("licenseUrl")
    if element is None or not element.text.strip() or _kind_of(element) not in ("expression", "file"):
        return
    right = _address_for(element)
    if not address:
        message = f"The <licenseUrl> that old clients show is missing. Pack tools write {quote(right)}."
        yield Fault("license-address-missing", message)
    elif unquote(address) != unquote(right):
        old = " (pack tools of 2018 wrote + for spaces: use a newer one)" if "+" in address else ""
        message = f"The <licenseUrl> contradicts the <license>{old}. Remove it, or use {quote(right)}."
        yield Fault("license-address-differs", message)


def _kind_of(element: RawElement) -> str:
    return (element.find_attribute("type") or "").strip().lower()


def _address_for(element: RawElement) -> str:
    if _kind_of(element) == "file":
        return FILE_ADDRESS
    return EXPRESSION_ADDRESS + percent_encode(element.text.strip(), safe="()")


def _has_text_name(name: str) -> bool:
    _, dot, extension = name.rpartition("/")[2].rpartition(".")
    return f"{dot}{extension if dot else ''}".lower() in _TEXT_NAMES


_LICENSE, _EXPRESSION = "nuget.org, license", "SPDX license expressions, NuGet license expressions"

RULES = (
    Rule(
        "license-missing",
        Severity.WARNING,
        _LICENSE,
        "There is no license of any kind.",
        "neither <license> nor <licenseUrl>",
        check_presence,
    ),
    Rule(
        "license-placeholder",
        Severity.GALLERY,
        _LICENSE,
        "The <licenseUrl> refers to a license file, but there is none.",
        f"<licenseUrl>{FILE_ADDRESS}</licenseUrl>",
        check_presence,
    ),
    Rule(
        "license-address-old",
        Severity.WARNING,
        "NuGet, nuspec reference (NU5125)",
        "There is a <licenseUrl> but no <license>.",
        "<licenseUrl>https://a.example/license</licenseUrl>",
        check_presence,
    ),
    Rule(
        "license-type-unknown",
        Severity.GALLERY,
        _LICENSE,
        "The type of the license is neither expression nor file.",
        '<license type="url">',
        check_element,
    ),
    Rule(
        "license-version-unknown",
        Severity.GALLERY,
        _LICENSE,
        "The version of the license expression is not 1.0.0.",
        '<license type="expression" version="2.0.0">',
        check_element,
    ),
    Rule(
        "license-empty", Severity.GALLERY, _LICENSE, "The <license> is empty.", '<license type="file" />', check_element
    ),
    Rule(
        "license-expression-invalid",
        Severity.GALLERY,
        _EXPRESSION,
        "The expression cannot be read.",
        "MIT AND",
        check_expression,
    ),
    Rule(
        "license-unknown",
        Severity.GALLERY,
        _EXPRESSION,
        "The expression names a license or an exception that SPDX does not list, or has deprecated.",
        "Acme-1.0",
        check_expression,
    ),
    Rule(
        "license-unlicensed",
        Severity.GALLERY,
        _LICENSE,
        "The expression is UNLICENSED, which does not allow anyone to use the package.",
        "UNLICENSED",
        check_expression,
    ),
    Rule(
        "license-not-open",
        Severity.GALLERY,
        _LICENSE,
        "The expression names a license that neither the OSI nor the FSF approves.",
        "CC-BY-NC-4.0",
        check_expression,
    ),
    Rule(
        "license-not-packed",
        Severity.GALLERY,
        _LICENSE,
        "The license file is not in the package.",
        '<license type="file">License.txt</license>, packed as LICENSE.txt',
        check_file,
    ),
    Rule(
        "license-extension",
        Severity.GALLERY,
        _LICENSE,
        "The license file has an extension other than .txt and .md.",
        "LICENSE.pdf",
        check_file,
    ),
    Rule(
        "license-not-text",
        Severity.GALLERY,
        _LICENSE,
        "The license file contains control characters.",
        "a LICENSE.txt with a NUL",
        check_file,
    ),
    Rule(
        "license-address-missing",
        Severity.WARNING,
        _LICENSE,
        "There is a <license> but not the <licenseUrl> that pack tools add.",
        "<license> alone",
        check_address,
    ),
    Rule(
        "license-address-differs",
        Severity.GALLERY,
        _LICENSE,
        "The <licenseUrl> contradicts the <license>.",
        "MIT, and <licenseUrl>https://a.example</licenseUrl>",
        check_address,
    ),
)
