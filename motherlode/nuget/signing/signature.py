"""The signature of a package, and whether the package still is the one that was signed.

A signed package has an entry `.signature.p7s`: a CMS SignedData whose content is a short text with the hash of the
package without that entry. The author or a repository signs it, a repository may countersign it.

Invariant: this module only compares the signature with the bytes of the package. It does not check who signed:
verifying certificates, the signers' signatures and time stamps is up to the clients. The package is not changed.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO, Literal, NamedTuple

from motherlode.nuget.archive.zip_reader import PIECE_BYTES, Archive, Entry
from motherlode.nuget.faults import Fault, FaultyPackage
from motherlode.nuget.limits import Limits
from motherlode.nuget.parsers import Unreadable, parse_by
from motherlode.nuget.signing.ber import OID, SEQUENCE, SET, NotBer, Value, read_octets, read_value

SIGNATURE_NAME = ".signature.p7s"

FAULTS = {
    "signature-too-large": "The signature is larger than any real signature.",
    "signature-entry-wrong": "The signature is compressed or has flags, which clients refuse.",
    "signature-in-zip64": "A signed package has zip64 records, which clients refuse.",
    "signature-unreadable": "The signature is not CMS SignedData.",
    "signature-signers-wrong": "The signature has no signer, or more than one.",
    "signature-hash-unknown": "The signature uses a hash other than SHA-256, SHA-384 and SHA-512.",
    "signature-content-wrong": "The signed content is not the hash of a package.",
    "signature-digest-wrong": "A signer signed something other than the content of the signature.",
    "signature-broken": "The package was changed after it was signed.",
}

_SHA2 = {
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_HASH_LINES = {f"2.16.840.1.101.3.4.2.{number}-Hash".encode(): name for number, name in enumerate(_SHA2.values(), 1)}
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_COUNTERSIGNATURE = bytes.fromhex("2a864886f70d010906")
_COMMITMENT_TYPE = bytes.fromhex("2a864886f70d0109100210")
_SIGNING_CERTIFICATE = bytes.fromhex("2a864886f70d010910022f")
_KINDS: Mapping[bytes, Literal["author", "repository"]] = {
    bytes.fromhex("2a864886f70d0109100601"): "author",
    bytes.fromhex("2a864886f70d0109100602"): "repository",
}
_CONTEXT_0, _CONTEXT_1 = 0xA0, 0xA1

_CENTRAL, _LOCAL, _END = Struct("<8x2H8x2I3H4x2I"), Struct("<6x2H"), Struct("<8s2H2I")
_FIELD, _ZIP64_FIELD = Struct("<2H"), 0x0001


@dataclass(frozen=True, slots=True)
class Signature:
    """The claims of a signature: `content_hash` is the hash of the package without it, by `hash_name` ("sha256"…).

    `certificate_sha256` is the fingerprint, in lower-case hexadecimal, of the signer's certificate; None if the
    signature does not contain the certificate that the signer names. None of this is verified.
    """

    hash_name: str
    content_hash: bytes
    kind: Literal["author", "repository", "unknown"]
    countersigners: int
    certificate_sha256: str | None


def find_signature_faults(file: BinaryIO, zipped: Archive, signature: bytes, limits: Limits) -> Iterator[Fault]:
    """Yield the faults of a package's signature; none if there is no signature entry or more than one.

    `signature` is the content of the entry; it can be empty if the entry is larger than `limits.max_embedded_bytes`.
    The file is read again, in pieces.
    """
    entries = [entry for entry in zipped.entries if entry.name == SIGNATURE_NAME]
    if len(entries) != 1:
        return
    if entries[0].size > limits.max_embedded_bytes:
        message = f"The signature is larger than {limits.max_embedded_bytes} bytes. Sign the package again."
        yield Fault("signature-too-large", message)
        return
    try:
        claimed = read_signature(signature)
        content_hash = hash_content(file, zipped, entries[0], claimed.hash_name)
    except FaultyPackage as refused:
        yield from refused.faults
        return
    if content_hash != claimed.content_hash:
        message = "The package was changed after it was signed. Sign it again, or push the original signed file."
        yield Fault("signature-broken", message)


def read_signature(signature: bytes) -> Signature:
    """Return the claims of a signature whose parts are consistent. Raises `FaultyPackage`.

    The form is that of NuGet's package signatures: CMS SignedData (RFC 5652) in DER or BER with one signer.
    """
    try:
        return _read_signature(signature)
    except NotBer as broken:
        message = f"The {SIGNATURE_NAME} of the package is not a readable signature ({broken}). Sign it again."
        raise _faulty("signature-unreadable", message) from None


def hash_content(file: BinaryIO, zipped: Archive, signature: Entry, hash_name: str) -> bytes:
    """Return the hash of the package before the entry `signature` was added, as NuGet clients compute it.

    It covers every byte except the entry and its record in the directory. The offsets of later entries and the numbers
    of the end record are restored. Raises `FaultyPackage` if clients do not accept such a zip with a signature.
    """
    stop = min([zipped.start, *(entry.offset for entry in zipped.entries if entry.offset > signature.offset)])
    if stop <= signature.offset:
        raise _faulty(
            "signature-entry-wrong",
            f"The entry {SIGNATURE_NAME} is not where the directory says. Sign the package again.",
        )
    file.seek(signature.offset)
    _check_plain(_LOCAL.unpack(file.read(_LOCAL.size)))
    hashed = hashlib.new(hash_name)
    _hash_bytes(file, 0, signature.offset, hashed)
    _hash_bytes(file, stop, zipped.start, hashed)
    for piece in _read_directory_without(file, zipped, signature, stop - signature.offset):
        hashed.update(piece)
    return hashed.digest()


def _faulty(code: str, message: str) -> FaultyPackage:
    return FaultyPackage((Fault(code, message),))


def _hash_bytes(file: BinaryIO, start: int, stop: int, hashed: "hashlib._Hash") -> None:
    file.seek(start)
    while start < stop and (piece := file.read(min(PIECE_BYTES, stop - start))):
        hashed.update(piece)
        start += len(piece)


def _check_plain(numbers: Iterable[int]) -> None:
    """Check that flags, method and attributes of the entry are zero: NuGet clients refuse anything else (NU3005)."""
    if any(numbers):
        message = f"{SIGNATURE_NAME} must be stored uncompressed, without flags or attributes. Sign with a NuGet tool."
        raise _faulty("signature-entry-wrong", message)


def _read_directory_without(file: BinaryIO, zipped: Archive, signature: Entry, gone_bytes: int) -> Iterator[bytes]:
    """Yield the directory and the end record as they were before the entry `signature` added `gone_bytes`."""
    record_bytes = 0
    file.seek(zipped.start)
    for entry in zipped.entries:
        fixed = file.read(_CENTRAL.size)
        flags, method, _, _, name_size, extra_size, comment_size, attributes, offset = _CENTRAL.unpack(fixed)
        rest = file.read(name_size + extra_size + comment_size)
        _refuse_zip64(rest[name_size : name_size + extra_size])
        if entry is signature:
            _check_plain((flags, method, attributes))
            record_bytes = len(fixed) + len(rest)
            continue
        if offset > signature.offset:
            offset -= gone_bytes
        yield fixed[:-4] + offset.to_bytes(4, "little") + rest
    end = file.read(_END.size)
    if not end.startswith(b"PK\5\6"):
        raise _zip64()
    signature_and_disks, here, count, directory_bytes, start = _END.unpack(end)
    yield _END.pack(signature_and_disks, here - 1, count - 1, directory_bytes - record_bytes, start - gone_bytes)
    yield file.read()


def _refuse_zip64(extra: bytes) -> None:
    position = 0
    while position + _FIELD.size <= len(extra):
        tag, size = _FIELD.unpack_from(extra, position)
        if tag == _ZIP64_FIELD:
            raise _zip64()
        position += _FIELD.size + size


def _zip64() -> FaultyPackage:
    # quirk: NuGet clients do not verify signatures in a zip with zip64 records (NU3006).
    message = (
        "The signed package has zip64 records, which NuGet clients refuse. Pack it without them and sign it again."
    )
    return _faulty("signature-in-zip64", message)


class _Signer(NamedTuple):
    """A SignerInfo: its hash, its signed and unsigned attributes by type, and the bytes of its signature."""

    hash_name: str
    signed: Mapping[bytes, Value]
    unsigned: Mapping[bytes, Value]
    signature: bytes


def _read_signature(signature: bytes) -> Signature:
    content, certificates, signers = _read_signed_data(read_value(signature))
    if len(signers) != 1:
        message = f"The signature of the package has {len(signers)} signers; it must have one. Sign it again."
        raise _faulty("signature-signers-wrong", message)
    signer = _read_signer(signers[0])
    _check_digest(signer, {signer.hash_name: hashlib.new(signer.hash_name, content).digest()})
    countersigners = _check_countersigners(signer)
    hash_name, content_hash = _parse_content(content)
    certificate = _find_certificate(signer, certificates)
    return Signature(hash_name, content_hash, _read_kind(signer), countersigners, certificate)


def _read_signed_data(message: Value) -> tuple[bytes, list[Value], list[Value]]:
    """Return the content, certificates and signers of a ContentInfo with SignedData (RFC 5652, 3 and 5.1)."""
    kind, wrapped = _inner(message, SEQUENCE, 2)[:2]
    if kind.tag != OID or kind.content != _SIGNED_DATA or wrapped.tag != _CONTEXT_0:
        raise NotBer("not SignedData")
    fields = _inner(_inner(wrapped, _CONTEXT_0, 1)[0], SEQUENCE, 4)
    encapsulated = _inner(fields[2], SEQUENCE, 2)
    content = read_octets(_inner(encapsulated[1], _CONTEXT_0, 1)[0])
    certificates = [inner for field in fields[3:-1] if field.tag == _CONTEXT_0 for inner in field.inner()]
    return content, certificates, _inner(fields[-1], SET, 0)


def _inner(value: Value, tag: int, least: int) -> list[Value]:
    if value.tag != tag:
        raise NotBer("a value has an unexpected type")
    inner = list(value.inner())
    if len(inner) < least:
        raise NotBer("a value lacks some of its parts")
    return inner


def _read_signer(signer: Value) -> _Signer:
    """Read a SignerInfo: version, signer id, hash, signed attributes, algorithm, signature, unsigned attributes.

    The source is RFC 5652, 5.3.
    """
    fields = _inner(signer, SEQUENCE, 5)
    hash_name = _SHA2.get(_inner(fields[2], SEQUENCE, 1)[0].content)
    if hash_name is None:
        raise _hash_unknown()
    signed, after = ({}, 3) if fields[3].tag != _CONTEXT_0 else (_read_attributes(fields[3]), 4)
    if len(fields) < after + 2:
        raise NotBer("a signer lacks some of its parts")
    unsigned = [_read_attributes(field) for field in fields[after + 2 :] if field.tag == _CONTEXT_1]
    return _Signer(hash_name, signed, unsigned[0] if unsigned else {}, read_octets(fields[after + 1]))


def _hash_unknown() -> FaultyPackage:
    message = "The signature uses a hash that NuGet clients refuse. Sign with SHA-256, SHA-384 or SHA-512."
    return _faulty("signature-hash-unknown", message)


def _read_attributes(attributes: Value) -> dict[bytes, Value]:
    """Return the set of values of each attribute by its type; of a repeated attribute the first, like clients."""
    read: dict[bytes, Value] = {}
    for attribute in attributes.inner():
        kind, values = _inner(attribute, SEQUENCE, 2)[:2]
        read.setdefault(kind.content, values)
    return read


def _check_digest(signer: _Signer, right: Mapping[str, bytes]) -> None:
    """Compare the digest that a signer signed with the one in `right` for its hash."""
    values = signer.signed.get(_MESSAGE_DIGEST)
    if values is None or [read_octets(value) for value in _inner(values, SET, 1)] != [right[signer.hash_name]]:
        message = "The content of the package signature is not what the signer signed. Sign the package again."
        raise _faulty("signature-digest-wrong", message)


def _check_countersigners(signer: _Signer) -> int:
    """Check the countersigners, which sign the signer's signature (RFC 5652, 11.4). Returns their number."""
    values = signer.unsigned.get(_COUNTERSIGNATURE)
    if values is None:
        return 0
    right = {name: hashlib.new(name, signer.signature).digest() for name in _SHA2.values()}
    countersigners = _inner(values, SET, 1)
    for countersigner in countersigners:
        _check_digest(_read_signer(countersigner), right)
    return len(countersigners)


def _parse_content(content: bytes) -> tuple[str, bytes]:
    """Return name and value of the hash in NuGet's signed text: "Version:1", an empty line, "<OID>-Hash:<base64>"."""
    header, _, rest = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    if b"Version:1" not in header.split(b"\n"):
        message = (
            "The signed content is not a package hash in NuGet's version 1 format. Sign the package with a NuGet tool."
        )
        raise _faulty("signature-content-wrong", message)
    for line in rest.partition(b"\n\n")[0].split(b"\n"):
        name, _, text = line.partition(b":")
        if name in _HASH_LINES:
            return _HASH_LINES[name], _decode(text)
    raise _hash_unknown()


def _decode(text: bytes) -> bytes:
    try:
        return parse_by(base64.b64decode, text, validate=True)
    except Unreadable:
        return b""  # not the hash of any package, so it will not match


def _read_kind(signer: _Signer) -> Literal["author", "repository", "unknown"]:
    """Return the kind of signer by the commitment type: proof of origin is an author, proof of receipt a repository."""
    values = signer.signed.get(_COMMITMENT_TYPE)
    types = [] if values is None else [inner.content for value in _inner(values, SET, 1) for inner in value.inner()]
    kinds = [_KINDS[kind] for kind in types if kind in _KINDS]
    return kinds[0] if len(kinds) == 1 else "unknown"


def _find_certificate(signer: _Signer, certificates: Iterable[Value]) -> str | None:
    """Return the fingerprint of the certificate whose hash is first in the signed attribute (RFC 5035, 3), or None."""
    values = signer.signed.get(_SIGNING_CERTIFICATE)
    if values is None:
        return None
    listed = _inner(_inner(values, SET, 1)[0], SEQUENCE, 1)[0]
    first = _inner(_inner(listed, SEQUENCE, 1)[0], SEQUENCE, 1)
    hash_name: str | None = "sha256"
    if first[0].tag == SEQUENCE:
        hash_name = _SHA2.get(_inner(first.pop(0), SEQUENCE, 1)[0].content)
    if hash_name is None or not first:
        return None
    named = read_octets(first[0])
    for certificate in certificates:
        if hashlib.new(hash_name, certificate.whole).digest() == named:
            return hashlib.sha256(certificate.whole).hexdigest()
    return None
