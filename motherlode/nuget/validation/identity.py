"""Rules for the id and the version that go beyond their syntax."""

import re
import unicodedata
from collections.abc import Iterator

from motherlode.nuget.faults import Fault
from motherlode.nuget.ids import RESERVED_IDS
from motherlode.nuget.quoting import quote
from motherlode.nuget.validation.rule import Rule, Severity, Subject
from motherlode.nuget.versions import Version

_MAX_FILE_NAME = 255
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0]")
"""Word characters that Unicode calls default ignorable: they are invisible."""


def check_id(subject: Subject) -> Iterator[Fault]:
    """Check the letters of the id, and that the id is not reserved for addresses of this server."""
    if subject.identity is None:
        return
    written = subject.identity.id.written
    if subject.identity.id.key in RESERVED_IDS:
        yield Fault(
            "id-reserved", f"The id {quote(written)} is reserved for this server's addresses. Choose another id."
        )
    if written.isascii():
        return
    yield Fault("id-not-ascii", f"The id {quote(written)} contains non-ASCII letters. Use A-Z, a-z, 0-9 and '_'.")
    if invisible := _INVISIBLE.search(written):
        message = f"The id {quote(written)} contains the invisible character U+{ord(invisible[0]):04X}. Remove it."
        yield Fault("id-ambiguous", message)
    if unicodedata.normalize("NFC", written) != written or not all(map(_folds_to_its_kind, written)):
        message = f"The id {quote(written)} contains letters that Unicode form C or a case change alters. Replace them."
        yield Fault("id-ambiguous", message)


def check_version(subject: Subject) -> Iterator[Fault]:
    """Check the version for what NuGet clients 2.x cannot read."""
    if subject.identity is None:
        return
    version = subject.identity.version
    if "." not in version.written:
        message = f"The version {quote(version.written)} contains no dot. Use {version.normalized}."
        yield Fault("version-without-dot", message)
    if not is_legal_for_2x(version):
        message = (
            f"The prerelease label of the version {quote(version.written)} does not begin with a letter. "
            f"Use a label such as {quote(f'-a{version.labels[0]}')}."
        )
        yield Fault("version-label-old", message)


def check_lengths(subject: Subject) -> Iterator[Fault]:
    """Check the length of the version, and of the id and the version together."""
    if subject.identity is None:
        return
    written, limits = subject.identity.version.written, subject.limits
    if len(written) > limits.max_version_length:
        message = (
            f"The version has {len(written)} characters, including build metadata; at most "
            f"{limits.max_version_length} are allowed. Shorten it."
        )
        yield Fault("version-too-long", message)
    length = len(subject.identity.id.written) + len(written)
    if length > limits.max_identity_length:
        message = (
            f"The id and version have {length} characters together; at most {limits.max_identity_length} are allowed. "
            "Shorten one of them."
        )
        yield Fault("identity-too-long", message)
    if length + len("..nupkg") > _MAX_FILE_NAME:
        message = f"The id and version make a file name of more than {_MAX_FILE_NAME} characters. Shorten one of them."
        yield Fault("identity-unstorable", message)


def is_legal_for_2x(version: Version) -> bool:
    """Return whether NuGet clients 2.x can read the version, or never see it because it is SemVer 2."""
    return version.is_semver2 or not version.labels or version.labels[0][0].isalpha()


def _folds_to_its_kind(character: str) -> bool:
    """Return whether a change of case gives neither an ASCII letter (as for the Kelvin sign) nor several characters (as
    for the dotted capital I).
    """
    lower, upper = character.lower(), character.upper()
    return character.isascii() or (
        len(lower) == 1 and not lower.isascii() and not (len(upper) == 1 and upper.isascii())
    )


RULES = (
    Rule(
        "id-reserved",
        Severity.ALWAYS,
        "addresses of the push protocol",
        "The id is reserved for this server's addresses.",
        "<id>create-verification-key</id>",
        check_id,
    ),
    Rule(
        "id-not-ascii",
        Severity.GALLERY,
        "nuget.org, new ids",
        "The id contains non-ASCII letters.",
        "<id>Größe</id>",
        check_id,
    ),
    Rule(
        "id-ambiguous",
        Severity.ALWAYS,
        "nuget.org, ids in Unicode",
        "The id contains invisible characters, or letters that Unicode form C or a change of case alters.",
        "the Kelvin sign, whose lower case is k",
        check_id,
    ),
    Rule(
        "version-without-dot",
        Severity.GALLERY,
        "nuget.org, manifest",
        "The version is a single number.",
        "<version>1</version>",
        check_version,
    ),
    Rule(
        "version-label-old",
        Severity.GALLERY,
        "NuGet clients 2.x",
        "The version is not SemVer 2 and its prerelease label does not begin with a letter.",
        "<version>1.0.0-1a</version>",
        check_version,
    ),
    Rule(
        "version-too-long",
        Severity.GALLERY,
        "nuget.org, lengths",
        "The version has more than 64 characters.",
        "build metadata that holds a commit id twice",
        check_lengths,
    ),
    Rule(
        "identity-too-long",
        Severity.GALLERY,
        "nuget.org, lengths",
        "The id and version together have more than 160 characters.",
        "an id of 100 characters and a version of 64",
        check_lengths,
    ),
    Rule(
        "identity-unstorable",
        Severity.ALWAYS,
        "NuGet clients, folder of packages",
        "The id and version make a file name that is too long for file systems.",
        "a label of 300 characters",
        check_lengths,
    ),
)
