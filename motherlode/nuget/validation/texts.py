"""Rules of the elements of the nuspec: how often they come, how long they are, what they may say."""

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
    """Look for code points that are no characters, and for letters that are not in one piece."""
    # quirk: nuget.org refuses these, which XML allows; they come from texts that were decoded wrongly.
    if subject.text.isascii():
        return
    found = _NONCHARACTER.search(subject.text)
    if found:
        message = f"The .nuspec holds U+{ord(found[0]):04X}, which is no character: save it in the right encoding."
        yield Fault("nuspec-noncharacter", message)
    if not unicodedata.is_normalized("NFC", subject.text):
        message = "The .nuspec is not in Unicode form C, so that a search may miss its words: save it in that form."
        yield Fault("nuspec-not-normalized", message)


def check_names(subject: Subject) -> Iterator[Fault]:
    """Look at the names of the elements."""
    names = Counter(child.name for child in subject.metadata.children)
    # quirk: clients find most elements in any letter case, so two casings are one element twice.
    for folded, count in Counter(child.name.lower() for child in subject.metadata.children).items():
        is_read_elsewhere = folded in ("id", "version") and names[folded] == count
        if count > 1 and not is_read_elsewhere:
            listed = " and ".join(quote(name) for name in names if name.lower() == folded)
            yield Fault("element-repeated", f"The nuspec has {count} elements {listed}: keep one.")
    for name in names:
        if name in RESERVED:
            message = f"The nuspec has an element <{name}>, which is the server's own to say: remove it."
            yield Fault("element-reserved", message)
        if name != "tags" and name.lower() == "tags":
            yield Fault(
                "element-misspelt", f"The nuspec has an element {quote(name)}, which nobody reads: write <tags>."
            )


def check_children(subject: Subject) -> Iterator[Fault]:
    """Look for elements inside of those that hold nothing but text."""
    for name in ("license", "icon"):
        element = subject.find_element(name)
        if element is not None and element.children:
            inner = quote(element.children[0].name)
            yield Fault("element-nested", f"The <{name}> holds an element {inner}: it must hold nothing but text.")


def check_lengths(subject: Subject) -> Iterator[Fault]:
    """Measure every text that has a limit."""
    for name, most in _limits_of(subject.limits).items():
        yield from _too_long(f"<{name}>", subject.text_of(name), most)
    repository = subject.package.repository
    if repository is not None:
        yield from _too_long("type of the <repository>", repository.type, subject.limits.max_repository_type_length)
        yield from _too_long("url of the <repository>", repository.url, subject.limits.max_address_length)
    client = subject.metadata.find_attribute("minClientVersion")
    yield from _too_long("minClientVersion", client, subject.limits.max_client_version_length)


def check_presence(subject: Subject) -> Iterator[Fault]:
    """Look for the texts that a reader expects."""
    if not subject.package.description:
        yield Fault("description-missing", "The nuspec has no <description>: say in one what the package is for.")
    if not subject.package.authors:
        yield Fault("authors-missing", "The nuspec has no <authors>: say in one who made the package.")


def check_flags(subject: Subject) -> Iterator[Fault]:
    """Look for flags that are neither true nor false."""
    for element in subject.metadata.children:
        is_flag = element.text.strip().lower() in ("true", "false") and not element.children
        if element.name in FLAGS and not is_flag:
            said = quote(element.text) if element.text else "empty"
            yield Fault("flag-invalid", f"The <{element.name}> is {said}: write true or false, or remove it.")


def check_addresses(subject: Subject) -> Iterator[Fault]:
    """Look for addresses that no browser should follow, and for those that clients cannot read."""
    for name in ADDRESSES:
        text = subject.text_of(name)
        if not text or find_address(text) is not None or len(text) > subject.limits.max_address_length:
            continue
        if _WEB.match(text):
            message = (
                f"The <{name}> {quote(text)} is left out, because not every client can read it: write scheme, host and "
                "path only, without a user name, and percent-encode special characters."
            )
            yield Fault("address-unreadable", message)
        else:
            message = (
                f"The <{name}> {quote(text)} is no address: write a whole one that begins with https:// or http://."
            )
            yield Fault("address-invalid", message)


def check_repository(subject: Subject) -> Iterator[Fault]:
    """Look for a repository that cannot be shown as a link."""
    repository = subject.package.repository
    if repository is None or not repository.url:
        return
    allowed = ("git://", "https://") if (repository.type or "").lower() == "git" else ("https://",)
    if not repository.url.lower().startswith(allowed):
        message = f"The url of the <repository> is not shown: let it begin with {' or '.join(allowed)}."
        yield Fault("repository-hidden", message)
    elif find_repository_address(repository.url) is None and len(repository.url) <= subject.limits.max_address_length:
        message = (
            f"The url of the <repository> {quote(repository.url)} is left out, because not every client can read it: "
            "write scheme, host and path only, without a user name, and percent-encode special characters."
        )
        yield Fault("repository-hidden", message)


def check_client(subject: Subject) -> Iterator[Fault]:
    """Look at the version of the client that the package asks for."""
    text = subject.metadata.find_attribute("minClientVersion")
    if text is None:
        return
    try:
        version = parse_version(text)
    except InvalidVersion:
        message = (
            f"The minClientVersion is {quote(text)}, which is no version: write one such as 2.12, or leave it out."
        )
        yield Fault("client-version-invalid", message)
        return
    newest = subject.limits.newest_client
    if version > newest:
        message = f"The minClientVersion {quote(text)} is above {newest.normalized}, so few could use it: lower it."
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
        yield Fault("text-too-long", f"The {what} has {length} characters: at most {most} are allowed. Shorten it.")


_MANIFEST, _LENGTHS = "nuget.org, manifest", "nuget.org, lengths"

RULES = (
    Rule(
        "nuspec-noncharacter",
        Severity.GALLERY,
        _MANIFEST,
        "The .nuspec holds a code point that Unicode keeps from ever being a character.",
        "U+FDD0 in a description",
        check_unicode,
    ),
    Rule(
        "nuspec-not-normalized",
        Severity.WARNING,
        _MANIFEST,
        "The .nuspec is not in Unicode form C.",
        "e and U+0301 in place of é",
        check_unicode,
    ),
    Rule(
        "element-repeated",
        Severity.GALLERY,
        _MANIFEST,
        "An element of the metadata comes more than once.",
        "two <title>",
        check_names,
    ),
    Rule(
        "element-reserved",
        Severity.GALLERY,
        _MANIFEST,
        "An element has the name of something that the server says.",
        "<listed>false</listed>",
        check_names,
    ),
    Rule(
        "element-misspelt",
        Severity.GALLERY,
        _MANIFEST,
        "The element <tags> is in another casing.",
        "<Tags>",
        check_names,
    ),
    Rule(
        "element-nested",
        Severity.GALLERY,
        "nuget.org, license and icon",
        "The license or the icon holds an element.",
        "<icon><b>a.png</b></icon>",
        check_children,
    ),
    Rule(
        "text-too-long", Severity.GALLERY, _LENGTHS, "A text is longer than allowed.", "a <title> of 257", check_lengths
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
        "A flag is neither true nor false, or empty.",
        "<serviceable>maybe</serviceable>",
        check_flags,
    ),
    Rule(
        "address-invalid",
        Severity.GALLERY,
        _MANIFEST,
        "An address is relative, or of another kind than http and https.",
        "<projectUrl>javascript:alert(1)</projectUrl>",
        check_addresses,
    ),
    Rule(
        "address-unreadable",
        Severity.WARNING,
        "documents that clients read",
        "An address has a user name, an unusual host or characters to be escaped; it is left out.",
        "<iconUrl>https://a.example/my icon.png</iconUrl>",
        check_addresses,
    ),
    Rule(
        "repository-hidden",
        Severity.WARNING,
        "nuget.org, repository",
        "The address of the repository is not one that is shown.",
        '<repository url="ssh://git.example/a" />',
        check_repository,
    ),
    Rule(
        "client-version-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "The minClientVersion is no version.",
        'minClientVersion="new"',
        check_client,
    ),
    Rule(
        "client-version-too-new",
        Severity.GALLERY,
        "nuget.org, manifest",
        "The minClientVersion is above every client that is known.",
        'minClientVersion="99.0"',
        check_client,
    ),
)
