"""What must hold of each reader for any input: one function for each, which raises `BrokenClaim` when it does not.

Invariant: a claim takes any bytes, returns nothing, and depends on nothing else, so that an input that breaks it breaks
it again. Time is not measured here; who runs a claim limits it.
"""

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from motherlode.domain.logos import format_logo, parse_logo
from motherlode.domain.refusals import InvalidForm
from motherlode.domain.release import Release
from motherlode.nuget.addresses import find_address
from motherlode.nuget.archive.entry_names import find_name_fault, sort_key
from motherlode.nuget.faults import MAX_FAULTS, Fault, FaultyPackage
from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.licenses import InvalidLicense, parse_license
from motherlode.nuget.limits import Limits
from motherlode.nuget.nupkg import Nupkg, validate_nupkg
from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.package_json import facts_of, package_from
from motherlode.nuget.ranges import MAX_RANGE_LENGTH, InvalidVersionRange, parse_range
from motherlode.nuget.signing.signature import read_signature
from motherlode.nuget.unicode import normalize
from motherlode.nuget.validation.rule import Strictness
from motherlode.nuget.versions import InvalidVersion, parse_version
from motherlode.protocol.catalog_entry import render_catalog_entry
from motherlode.protocol.urls import Hive, Urls
from motherlode.search.analyser import iter_words
from motherlode.search.queries import MAX_PARTS, parse_query
from motherlode.web.auth.credentials import parse_authorization
from motherlode.web.bodies.multipart import FirstPart, parse_boundary
from motherlode.web.pages.core.forms import parse_form
from motherlode.web.pages.readme.markdown import render_readme
from motherlode.web.v3.search import parse_asked
from tests.support.builders import Member, nupkg, nuspec, zip_of
from tests.support.signing import sign

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NUSPEC = nuspec()
PACKAGE = nupkg(nuspec=NUSPEC)
SMALL = Limits(max_inflated_bytes=4 * 1024 * 1024)


class BrokenClaim(AssertionError):
    """A claim does not hold."""


def claim_versions(octets: bytes) -> None:
    """A text is a version, whose normal and full forms read as the same one, or refused with a sentence."""
    try:
        version = parse_version(_text(octets))
    except InvalidVersion as refused:
        _claim(bool(str(refused)), "a refusal says why")
        return
    again, full = parse_version(version.normalized), parse_version(version.full)
    _claim(again == version == full and not again < version, "the normal form is the same version")
    _claim((again.normalized, full.full) == (version.normalized, version.full), "forms are stable")
    _claim(again.sort_key == version.sort_key, "the normal form sorts alike")


def claim_ranges(octets: bytes) -> None:
    """A text is a range, whose normal form (where it is not too long to be read) is the same one, or is refused."""
    try:
        versions = parse_range(_text(octets))
    except InvalidVersionRange as refused:
        _claim(bool(str(refused)), "a refusal says why")
        return
    again = versions if len(versions.normalized) > MAX_RANGE_LENGTH else parse_range(versions.normalized)
    _claim((again, again.normalized) == (versions, versions.normalized), "the normal form is the same range")
    for bound, is_in in ((versions.min, versions.include_min), (versions.max, versions.include_max)):
        _claim(bound is None or versions.satisfied_by(bound) is is_in, "a bound is inside as its bracket says")


def claim_frameworks(octets: bytes) -> None:
    """A text is kept, and its short and canonical names are stable."""
    framework = parse_framework(_text(octets))
    _claim(framework.written == _text(octets), "the text is kept")
    _claim(framework.is_readable or not framework.is_supported, "what clients cannot read is not supported")
    _claim(parse_framework(framework.short).short == framework.short, "short names are stable")
    _claim(parse_framework(framework.canonical).canonical == framework.canonical, "canonical names are stable")


def claim_addresses(octets: bytes) -> None:
    """A text is no address, or one that stays as it is and names its host alone."""
    address = find_address(_text(octets))
    if address is not None:
        _claim(find_address(address) == address, "an address stays as it is")
        _claim(address.lower().startswith(("http://", "https://")), "an address is one of the web")
        _claim("@" not in re.split("[/?#]", address)[2], "no user stands before the host")
        parts = urlsplit(address)
        _claim(parts.scheme in {"http", "https"} and bool(parts.hostname), "Python's reader finds a host in it")


def claim_queries(octets: bytes) -> None:
    """Every text is a query of bounded work."""
    query = parse_query(_text(octets))
    terms = [*query.bare, *(term for scoped in query.scoped.values() for term in scoped)]
    _claim(sum(len(word.parts) for term in terms for word in term.words) <= MAX_PARTS, "work is bounded")
    _claim(parse_query(query.text) == query, "a query's text is the query")


def claim_multipart(octets: bytes) -> None:
    """A body gives the same package, or the same refusal, however it is cut; no byte is made up.

    The first line is the Content-Type, the byte behind it the length of the pieces.
    """
    content_type, _, rest = octets.partition(b"\n")
    try:
        boundary = parse_boundary(content_type)
    except InvalidForm:
        return
    if boundary is None or not rest:
        return
    body = rest[1:]
    whole = _read_form(boundary, [body])
    pieces = [body[start : start + rest[0] + 1] for start in range(0, len(body), rest[0] + 1)]
    _claim(_read_form(boundary, pieces) == whole, "pieces make no difference")
    _claim(whole is None or whole in body, "the package lies in the body")


def claim_nuspecs(octets: bytes) -> None:
    """A document is read or has faults; of a package that is taken nothing is lost, and a document can be made."""
    found = parse_nuspec(octets)
    _claim(found.package is not None or bool(found.faults), "no package without a reason")
    taken = _read(nupkg(nuspec=octets, nuspec_name="a.nuspec", files=_NAMED_FILES))
    if taken is not None:
        _claim_served(taken)


def claim_runtimes(octets: bytes) -> None:
    """A runtime.json is taken or refused with its package; one that is taken is an object to whoever reads JSON."""
    verdict = validate_nupkg(io.BytesIO(nupkg(files={"runtime.json": octets})), Limits(), NOW, Strictness.LENIENT)
    _claim({fault.code for fault in verdict.faults} <= {"runtime-json-invalid"}, "nothing else is wrong")
    if verdict.nupkg is None:
        return
    try:
        graph = json.loads(octets)
    except (ValueError, RecursionError):
        return  # with comments, or bytes that are replaced
    _claim(isinstance(graph, dict), "it is an object")


def claim_zips(octets: bytes) -> None:
    """An archive is refused, or read as Python's own reader reads it, to the last byte."""
    taken = _read(octets)
    if taken is None:
        return
    _claim_served(taken)
    try:
        archive = zipfile.ZipFile(io.BytesIO(octets))
    except NotImplementedError:
        return  # an entry says that it needs a newer zip than 6.3; .NET's readers do not look there
    _claim(archive.testzip() is None, "another reader finds it whole")
    sizes = [(member.header_offset, member.file_size) for member in archive.infolist()]
    _claim(sizes == [(entry.offset, entry.size) for entry in taken.entries], "another reader finds the same entries")


def claim_entries(octets: bytes) -> None:
    """As for zips, of archives that are put together from entries which lie: see `build_entries`."""
    claim_zips(build_entries(octets))


def claim_signatures(octets: bytes) -> None:
    """A signature is read or refused, alone and in a package."""
    try:
        read_signature(octets)
    except FaultyPackage as refused:
        _claim_told(refused.faults)
    _read(sign(PACKAGE, octets))


def claim_licenses(octets: bytes) -> None:
    """A text is an expression of listed licenses, or refused with a sentence."""
    try:
        expression = parse_license(_text(octets))
    except InvalidLicense as refused:
        _claim(str(refused).isprintable(), "a refusal is a sentence")
        return
    _claim(bool(expression.licenses), "an expression names a license")


def claim_names(octets: bytes) -> None:
    """A name has one key, which its other Unicode forms and casings have too."""
    name = _text(octets)
    find_name_fault(name)
    if "%" not in name:  # a mark behind an escape makes another letter of its last digit
        _claim(sort_key(unicodedata.normalize("NFD", name)) == sort_key(unicodedata.normalize("NFC", name)), "one key")
    for form in ("NFC", "NFKC"):
        _claim(normalize(form, name) == unicodedata.normalize(form, name), "normal forms are those of Unicode")


def claim_words(octets: bytes) -> None:
    """Every text is words, which can be joined by blanks."""
    for word in iter_words(_text(octets)):
        _claim(bool(word.whole) and " " not in word.whole, "a word holds no blank")


def claim_readmes(octets: bytes) -> None:
    """Every text becomes HTML, of bounded length, in which nothing runs."""
    html = render_readme(_text(octets), image_hosts=frozenset())
    _claim(len(html) <= 12 * len(octets) + 20_000, "the HTML is not much longer than the text")
    _claim(re.search(r"<(script|style|iframe|object|embed|form)\b", html, re.IGNORECASE) is None, "nothing runs")


def claim_headers(octets: bytes) -> None:
    """Every Authorization header says who asks, or nothing; every query string asks something."""
    parse_authorization(octets)
    parse_asked(octets)
    try:
        parse_form(octets)
    except InvalidForm:
        return


def claim_logos(octets: bytes) -> None:
    """A text is a logo that is written as it was read, or refused."""
    try:
        logo = parse_logo(_text(octets))
    except ValueError:
        return
    _claim(logo is None or parse_logo(format_logo(logo)) == logo, "a logo is read as it was written")


def claim_server_json(octets: bytes) -> None:
    """A server.json is judged, whatever is in it."""
    _read(nupkg(nuspec=nuspec(more=_MCP_TYPE), nuspec_name="a.nuspec", files={".mcp/server.json": octets}))


def build_entries(octets: bytes) -> bytes:
    """An archive of a sound nuspec and of entries that the bytes describe.

    Each takes a byte for the kind of its lie, one for its place, two for its value, one for the length of its name,
    and the name with as many bytes of content.
    """
    members = [Member("a.nuspec", NUSPEC)]
    while len(octets) >= 5:
        kind, place, value, length = octets[0], octets[1], int.from_bytes(octets[2:4], "little"), octets[4] % 32
        name, content, octets = octets[5 : 5 + length], octets[5 + length : 5 + 2 * length], octets[5 + 2 * length :]
        lie = {_FIELDS[place % len(_FIELDS)]: value} if kind & 1 else {}
        members.append(
            Member(
                name,
                content,
                method=8 if kind & 2 else 0,
                descriptor=bool(kind & 4),
                zip64=bool(kind & 8),
                central=lie if kind & 16 else {},
                local=lie if kind & 32 else {},
            )
        )
    return zip_of(members)


_MCP_TYPE = '<packageTypes><packageType name="McpServer"/><packageType name="DotnetTool"/></packageTypes>'
_NAMED_FILES = {"i.png": b"\x89PNG\r\n\x1a\n", "r.md": b"# Read", "LICENSE.txt": b"All.", ".mcp/server.json": b"{}"}
_FIELDS = ("needed", "flags", "method", "time", "date", "crc", "packed_size", "size")


def _text(octets: bytes) -> str:
    """As text comes out of addresses and XML: no half surrogates."""
    return octets.decode(errors="replace")


def _claim(holds: bool, what: str) -> None:  # noqa: FBT001 a claim reads as a sentence
    if not holds:
        raise BrokenClaim(f"this does not hold: {what}")


def _claim_told(faults: Sequence[Fault]) -> None:
    _claim(len(faults) <= 2 * MAX_FAULTS, "there are not too many faults")
    for fault in faults:
        _claim(bool(fault.code) and 10 < len(fault.message) < 2000, "a fault is a sentence")
        _claim(fault.message.isprintable(), "a fault can be printed on one line")


def _claim_served(taken: Nupkg) -> None:
    facts = json.loads(json.dumps(facts_of(taken.package)))
    _claim(package_from(facts) == taken.package, "facts keep the whole package")
    release = Release(taken.package, listed=True, published_at=NOW, changed_at=NOW, sha512=bytes(64), size=0)
    json.dumps(render_catalog_entry(release, Urls("http://127.0.0.1:5555"), Hive.PLAIN), ensure_ascii=False).encode()


def _read(package: bytes) -> Nupkg | None:
    """The package as a lenient feed takes it, or None; a strict one takes no more."""
    strict, lenient = (validate_nupkg(io.BytesIO(package), SMALL, NOW, strictness) for strictness in Strictness)
    for verdict in (strict, lenient):
        _claim((verdict.nupkg is None) == bool(verdict.faults), "a package is taken, or has faults")
        _claim_told([*verdict.faults, *verdict.warnings])
    _claim(strict.nupkg is None or lenient.nupkg is not None, "a lenient feed takes what a strict one takes")
    return lenient.nupkg


def _read_form(boundary: bytes, pieces: list[bytes]) -> bytes | None:
    part = FirstPart(boundary)
    try:
        package = b"".join(part.feed(piece) for piece in pieces)
        part.finish()
    except InvalidForm:
        return None
    return package
