"""Rules of the id and the version beyond their grammar."""

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
"""The characters of ids that Unicode calls default ignorable: nothing is drawn for them."""


def check_id(subject: Subject) -> Iterator[Fault]:
    """Look at the letters of an id, and at the names that addresses need themselves."""
    if subject.identity is None:
        return
    written = subject.identity.id.written
    if subject.identity.id.key in RESERVED_IDS:
        yield Fault("id-reserved", f"No package can have the id {quote(written)}: this server's addresses need it.")
    if written.isascii():
        return
    yield Fault("id-not-ascii", f"The id {quote(written)} has letters beyond ASCII: use A-Z, a-z, 0-9 and '_'.")
    if invisible := _INVISIBLE.search(written):
        message = f"The id {quote(written)} has U+{ord(invisible[0]):04X}, which nobody sees: remove it."
        yield Fault("id-ambiguous", message)
    if unicodedata.normalize("NFC", written) != written or not all(map(_folds_to_its_kind, written)):
        message = f"The id {quote(written)} has letters that are others in another spelling or case: replace them."
        yield Fault("id-ambiguous", message)


def check_version(subject: Subject) -> Iterator[Fault]:
    """Look at what clients of the 2.x time make of the version."""
    if subject.identity is None:
        return
    version = subject.identity.version
    if "." not in version.written:
        message = f"The version {quote(version.written)} has no dot: write {version.normalized}."
        yield Fault("version-without-dot", message)
    if not is_legal_for_2x(version):
        message = (
            f"The label of the version {quote(version.written)} does not begin with a letter: "
            f"write {quote(f'-a{version.labels[0]}')} or the like."
        )
        yield Fault("version-label-old", message)


def check_lengths(subject: Subject) -> Iterator[Fault]:
    """Measure the version, and the id and the version together."""
    if subject.identity is None:
        return
    written, limits = subject.identity.version.written, subject.limits
    if len(written) > limits.max_version_length:
        message = (
            f"The version has {len(written)} characters, build metadata included: at most "
            f"{limits.max_version_length} are allowed. Shorten it."
        )
        yield Fault("version-too-long", message)
    length = len(subject.identity.id.written) + len(written)
    if length > limits.max_identity_length:
        message = (
            f"Id and version have {length} characters together: at most {limits.max_identity_length} are allowed. "
            "Shorten one of them."
        )
        yield Fault("identity-too-long", message)
    if length + len("..nupkg") > _MAX_FILE_NAME:
        message = f"Id and version make a file name of more than {_MAX_FILE_NAME} characters: shorten one of them."
        yield Fault("identity-unstorable", message)


def is_legal_for_2x(version: Version) -> bool:
    """Whether clients of the 2.x time read it, or never see it: SemVer 2 versions are hidden from them."""
    return version.is_semver2 or not version.labels or version.labels[0][0].isalpha()


def _folds_to_its_kind(character: str) -> bool:
    """Whether no change of case makes it an ASCII letter (as of the Kelvin sign) or several (as of a dotted I)."""
    lower, upper = character.lower(), character.upper()
    return character.isascii() or (
        len(lower) == 1 and not lower.isascii() and not (len(upper) == 1 and upper.isascii())
    )


RULES = (
    Rule(
        "id-reserved",
        Severity.ALWAYS,
        "addresses of the push protocol",
        "The id is a word that addresses need themselves.",
        "<id>create-verification-key</id>",
        check_id,
    ),
    Rule(
        "id-not-ascii",
        Severity.GALLERY,
        "nuget.org, new ids",
        "The id has letters beyond ASCII.",
        "<id>Größe</id>",
        check_id,
    ),
    Rule(
        "id-ambiguous",
        Severity.ALWAYS,
        "nuget.org, ids in Unicode",
        "The id has letters that nobody sees, or that are others in another spelling (Unicode form C) or case.",
        "the Kelvin sign, whose small letter is k",
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
        "A version that clients of the 2.x time see has a label that does not begin with a letter.",
        "<version>1.0.0-1a</version>",
        check_version,
    ),
    Rule(
        "version-too-long",
        Severity.GALLERY,
        "nuget.org, lengths",
        "The version has more than 64 characters.",
        "a commit id twice in the build metadata",
        check_lengths,
    ),
    Rule(
        "identity-too-long",
        Severity.GALLERY,
        "nuget.org, lengths",
        "Id and version together have more than 160 characters.",
        "an id of 100 and a version of 64",
        check_lengths,
    ),
    Rule(
        "identity-unstorable",
        Severity.ALWAYS,
        "NuGet clients, folder of packages",
        "Id and version make a file name that no file system takes.",
        "a label of 300 characters",
        check_lengths,
    ),
)
