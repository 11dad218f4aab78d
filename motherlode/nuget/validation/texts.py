"""Rules for the nuspec's elements: how often they appear, how long they are, which values they have."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping

from motherlode.nuget.addresses import find_address, find_repository_address
from motherlode.nuget.faults import Fault
from motherlode.nuget.limits import Limits
from motherlode.nuget.quoting import quote
from motherlode.nuget.validation.rule import Rule, Severity, Subject, length_of
from motherlode.nuget.versions import InvalidVersion, parse_version

ADDRESSES = ("projectUrl", "licenseUrl", "iconUrl")
FLAGS = ("developmentDependency", "requireLicenseAcceptance", "serviceable")
RESERVED = frozenset(
    {
        "created",
        "dependencyGroups",
        "isPrerelease",
        "lastEdited",
        "listed",
        "packageEntries",
        "packageHash",
        "packageHashAlgorithm",
        "packageSize",
        "published",
        "supportedFrameworks",
        "verbatimVersion",
    }
)
_NONCHARACTER = re.compile("[\ufdd0-\ufdef]")
_WEB = re.compile(r"(?i:https?)://[^/]")


def check_unicode(subject: Subject) -> Iterator[Fault]:
    """Check for code points that are not characters, and for text that is not in Unicode form C."""
    # quirk: nuget.org refuses noncharacters, which XML allows; they come from wrongly decoded texts.
    if subject.text.isascii():
        return
    found = _NONCHARACTER.search(subject.text)
    if found:
        message = (
            f"The .nuspec file contains U+{ord(found[0]):04X}, which is not a character. Save it in the right encoding."
        )
        yield Fault("nuspec-noncharacter", message)
    if not unicodedata.is_normalized("NFC", subject.text):
        message = "The .nuspec file is not in Unicode form C, so searches may miss its words. Save it in that form."
        yield Fault("nuspec-not-normalized", message)


def check_names(subject: Subject) -> Iterator[Fault]:
    """Check the names of the elements."""
    names = Counter(child.name for child in subject.metadata.children)
    # quirk: clients find most elements in any letter case, so two casings are the same element twice.
    for folded, count in Counter(child.name.lower() for child in subject.metadata.children).items():
        is_read_elsewhere = folded in ("id", "version") and names[folded] == count
        if count > 1 and not is_read_elsewhere:
            listed = " and ".join(quote(name) for name in names if name.lower() == folded)
            yield Fault("element-repeated", f"The nuspec has {count} {listed} elements. Keep one.")
    for name in names:
        if name in RESERVED:
            message = f"The nuspec has an element <{name}>, which is reserved for the server. Remove it."
            yield Fault("element-reserved", message)
        if name != "tags" and name.lower() == "tags":
            yield Fault(
                "element-misspelt", f"The nuspec has an element {quote(name)}, which clients ignore. Write <tags>."
            )


def check_children(subject: Subject) -> Iterator[Fault]:
    """Check that the license and the icon contain no elements."""
    for name in ("license", "icon"):
        element = subject.find_element(name)
        if element is not None and element.children:
            inner = quote(element.children[0].name)
            yield Fault("element-nested", f"The <{name}> contains an element {inner}, but only text is allowed there.")


def check_lengths(subject: Subject) -> Iterator[Fault]:
    """Check the length of every text that has a limit."""
    for name, most in _limits_of(subject.limits).items():
        yield from _too_long(f"<{name}>", subject.text_of(name), most)
    repository = subject.package.repository
    if repository is not None:
        yield from _too_long("type of the <repository>", repository.type, subject.limits.max_repository_type_length)
        yield from _too_long("url of the <repository>", repository.url, subject.limits.max_address_length)
    client = subject.metadata.find_attribute("minClientVersion")
    yield from _too_long("minClientVersion", client, subject.limits.max_client_version_length)


def check_presence(subject: Subject) -> Iterator[Fault]:
    """Check that there is a description and an author."""
    if not subject.package.description:
        yield Fault("description-missing", "The nuspec has no <description>. Describe what the package is for.")
    if not subject.package.authors:
        yield Fault("authors-missing", "The nuspec has no <authors>. Name the authors of the package.")


def check_flags(subject: Subject) -> Iterator[Fault]:
    """Check that flags are true or false."""
    for element in subject.metadata.children:
        is_flag = element.text.strip().lower() in ("true", "false") and not element.children
        if element.name in FLAGS and not is_flag:
            said = quote(element.text) if element.text else "empty"
            yield Fault("flag-invalid", f"The <{element.name}> is {said}. Use true or false, or remove it.")


def check_addresses(subject: Subject) -> Iterator[Fault]:
    """Check for URLs that browsers must not follow, and for those that clients cannot read."""
    for name in ADDRESSES:
        text = subject.text_of(name)
        if not text or find_address(text) is not None or len(text) > subject.limits.max_address_length:
            continue
        if _WEB.match(text):
            message = (
                f"The <{name}> {quote(text)} is not shown because some clients cannot read it. Use only a scheme, host "
                "and path, without a user name, and percent-encode special characters."
            )
            yield Fault("address-unreadable", message)
        else:
            message = (
                f"The <{name}> {quote(text)} is not a valid URL. Use a full URL that begins with https:// or http://."
            )
            yield Fault("address-invalid", message)


def check_repository(subject: Subject) -> Iterator[Fault]:
    """Check that the repository can be shown as a link."""
    repository = subject.package.repository
    if repository is None or not repository.url:
        return
    allowed = ("git://", "https://") if (repository.type or "").lower() == "git" else ("https://",)
    if not repository.url.lower().startswith(allowed):
        message = f"The url of the <repository> is not shown. It must begin with {' or '.join(allowed)}."
        yield Fault("repository-hidden", message)
    elif find_repository_address(repository.url) is None and len(repository.url) <= subject.limits.max_address_length:
        message = (
            f"The url of the <repository> {quote(repository.url)} is not shown because some clients cannot read it. "
            "Use only a scheme, host and path, without a user name, and percent-encode special characters."
        )
        yield Fault("repository-hidden", message)


def check_client(subject: Subject) -> Iterator[Fault]:
    """Check the minimum client version that the package requires."""
    text = subject.metadata.find_attribute("minClientVersion")
    if text is None:
        return
    try:
        version = parse_version(text)
    except InvalidVersion:
        message = f"The minClientVersion {quote(text)} is not a valid version. Use one such as 2.12, or remove it."
        yield Fault("client-version-invalid", message)
        return
    newest = subject.limits.newest_client
    if version > newest:
        message = (
            f"The minClientVersion {quote(text)} is above {newest.normalized}, the newest client. Use a lower one."
        )
        yield Fault("client-version-too-new", message)


def _limits_of(limits: Limits) -> Mapping[str, int]:
    return {
        "title": limits.max_title_length,
        **dict.fromkeys(("description", "summary", "copyright", "authors", "tags"), limits.max_text_length),
        "releaseNotes": limits.max_release_notes_length,
        "language": limits.max_language_length,
        **dict.fromkeys(ADDRESSES, limits.max_address_length),
        "license": limits.max_license_length,
    }


def _too_long(what: str, text: str | None, most: int) -> Iterator[Fault]:
    if text and (length := length_of(text)) > most:
        yield Fault("text-too-long", f"The {what} has {length} characters; at most {most} are allowed. Shorten it.")


_MANIFEST, _LENGTHS = "nuget.org, manifest", "nuget.org, lengths"

RULES = (
    Rule(
        "nuspec-noncharacter",
        Severity.GALLERY,
        _MANIFEST,
        "The .nuspec file contains a Unicode noncharacter.",
        "U+FDD0 in a description",
        check_unicode,
    ),
    Rule(
        "nuspec-not-normalized",
        Severity.WARNING,
        _MANIFEST,
        "The .nuspec file is not in Unicode form C.",
        "e and U+0301 instead of é",
        check_unicode,
    ),
    Rule(
        "element-repeated",
        Severity.GALLERY,
        _MANIFEST,
        "An element of the metadata appears more than once.",
        "two <title>",
        check_names,
    ),
    Rule(
        "element-reserved",
        Severity.GALLERY,
        _MANIFEST,
        "The name of an element is reserved for the server.",
        "<listed>false</listed>",
        check_names,
    ),
    Rule(
        "element-misspelt",
        Severity.GALLERY,
        _MANIFEST,
        "The element <tags> is written in another letter case.",
        "<Tags>",
        check_names,
    ),
    Rule(
        "element-nested",
        Severity.GALLERY,
        "nuget.org, license and icon",
        "The license or the icon contains an element.",
        "<icon><b>a.png</b></icon>",
        check_children,
    ),
    Rule(
        "text-too-long",
        Severity.GALLERY,
        _LENGTHS,
        "A text is longer than allowed.",
        "a <title> of 257 characters",
        check_lengths,
    ),
    Rule(
        "description-missing",
        Severity.GALLERY,
        _MANIFEST,
        "There is no <description>.",
        "<description/>",
        check_presence,
    ),
    Rule(
        "authors-missing",
        Severity.WARNING,
        "NuGet, nuspec reference",
        "There is no <authors>.",
        "<authors/>",
        check_presence,
    ),
    Rule(
        "flag-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "A flag is empty, or neither true nor false.",
        "<serviceable>maybe</serviceable>",
        check_flags,
    ),
    Rule(
        "address-invalid",
        Severity.GALLERY,
        _MANIFEST,
        "A URL is relative, or is not http or https.",
        "<projectUrl>javascript:alert(1)</projectUrl>",
        check_addresses,
    ),
    Rule(
        "address-unreadable",
        Severity.WARNING,
        "documents that clients read",
        "A URL has a user name, an unusual host or unescaped characters, so it is not shown.",
        "<iconUrl>https://a.example/my icon.png</iconUrl>",
        check_addresses,
    ),
    Rule(
        "repository-hidden",
        Severity.WARNING,
        "nuget.org, repository",
        "The URL of the repository cannot be shown.",
        '<repository url="ssh://git.example/a" />',
        check_repository,
    ),
    Rule(
        "client-version-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "The minClientVersion is not a valid version.",
        'minClientVersion="new"',
        check_client,
    ),
    Rule(
        "client-version-too-new",
        Severity.GALLERY,
        "nuget.org, manifest",
        "The minClientVersion is above that of every known client.",
        'minClientVersion="99.0"',
        check_client,
    ),
)
