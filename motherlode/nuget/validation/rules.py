"""All rules in one table, in the order in which faults are reported.

Start here. `RULES` has the code of every refusal and warning about a package: those of the other files in this folder,
and those that the readers of the archive, the nuspec and the signature find. `partition` alone decides what a feed does
with a fault.
"""

from collections.abc import Iterable, Iterator

from motherlode.nuget.archive import zip_reader
from motherlode.nuget.faults import Fault
from motherlode.nuget.nuspec import parser
from motherlode.nuget.signing import signature
from motherlode.nuget.validation import (
    dependencies,
    embedded_files,
    entries,
    identity,
    licensing,
    package_types,
    runtime_json,
    texts,
)
from motherlode.nuget.validation.rule import Rule, Severity, Strictness

_EXAMPLES = {
    "zip-unreadable": "a text file named .nupkg",
    "zip-ambiguous": "an archive in the comment of another archive",
    "zip-split": "a.z01",
    "zip-suffix": "a package followed by a log line",
    "zip-prefix": "a self-extracting archive",
    "zip64-broken": "a zip64 record of another archive",
    "directory-misplaced": "an archive with bytes cut out",
    "directory-broken": "an archive with bytes cut out",
    "directory-too-large": "60,000 names of 300 bytes",
    "entries-miscounted": "3 files where the end record counts 2",
    "archive-inflates": "10 MB that unpack to 10 GB",
    "entry-extra-broken": "an 8-byte field that claims 80 bytes",
    "entry-name-undecodable": "a name in Latin-1",
    "entry-header-missing": "an archive with bytes cut out",
    "entry-header-differs": "a.dll in the directory, b.dll in the local header",
    "entry-overlaps": "a hundred entries that share the same bytes",
    "entry-gap": "a file deleted from the directory only",
    "entry-descriptor-wrong": "a different checksum after the file",
    "entry-size-wrong": "4 MB of content where the entry says 100 bytes",
    "entry-method-unknown": "bzip2",
    "entry-deflate-broken": "a broken upload",
    "entry-crc-wrong": "a broken disk",
    "nuspec-too-large": "a comment of 2 MB",
    "nuspec-not-xml": "<id>A & B</id>",
    "nuspec-doctype": '<!DOCTYPE package SYSTEM "file:///etc/passwd">',
    "nuspec-too-complex": "30,000 elements",
    "nuspec-root": "<project>",
    "nuspec-metadata": "two <metadata>",
    "id-missing": "<id></id>",
    "id-repeated": "two <id>",
    "id-invalid": "<id>A/B</id>",
    "version-missing": "<version></version>",
    "version-repeated": "two <version>",
    "version-invalid": "<version>latest</version>",
    "dependency-id-invalid": '<dependency id="../A" … />',
    "dependency-range-invalid": '<dependency id="A" version="1.*" />',
    "signature-too-large": "a .signature.p7s of 2 MB",
    "signature-entry-wrong": "a .signature.p7s that is compressed",
    "signature-in-zip64": "a package of 5 GB",
    "signature-unreadable": "a text file named .signature.p7s",
    "signature-signers-wrong": "two author signatures",
    "signature-hash-unknown": "SHA-1",
    "signature-content-wrong": "a signed text",
    "signature-digest-wrong": "parts of two signatures",
    "signature-broken": "a file added after signing",
}
ENTRY_RULES = entries.RULES
_ENTRY_CODES = {rule.code for rule in ENTRY_RULES}


def _reader_rules(faults: dict[str, str], clause: str) -> Iterator[Rule]:
    for code, about in faults.items():
        if code not in _ENTRY_CODES:
            yield Rule(code, Severity.ALWAYS, clause, about, _EXAMPLES[code])


NUSPEC_RULES = (
    *identity.RULES,
    *texts.RULES,
    *dependencies.RULES,
    *package_types.RULES,
    *runtime_json.RULES,
    *licensing.RULES,
    *embedded_files.RULES,
)
RULES = (
    *_reader_rules(zip_reader.FAULTS, "zip file format (APPNOTE), read strictly"),
    *ENTRY_RULES,
    *_reader_rules(parser.FAULTS, "XML 1.0; NuGet, nuspec reference"),
    *NUSPEC_RULES,
    *_reader_rules(signature.FAULTS, "NuGet, package signatures"),
)
BY_CODE = {rule.code: rule for rule in RULES}


def partition(faults: Iterable[Fault], strictness: Strictness) -> tuple[tuple[Fault, ...], tuple[Fault, ...]]:
    """Return the faults that refuse a package on a feed of that strictness, and those that only warn; each once."""
    once = tuple(dict.fromkeys(faults))
    refused = tuple(fault for fault in once if BY_CODE[fault.code].refuses(strictness))
    warnings = tuple(fault for fault in once if not BY_CODE[fault.code].refuses(strictness))
    return refused, warnings
