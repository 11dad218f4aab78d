"""Signed packages for tests: true in form and hashes, signed by nobody; each part can be told to lie."""

import base64
import hashlib
import struct
import zlib
from collections.abc import Iterable

NAME = b".signature.p7s"
SHA2 = {"sha256": 1, "sha384": 2, "sha512": 3}
KINDS = {"author": "2a864886f70d0109100601", "repository": "2a864886f70d0109100602"}
_DATA, _SIGNED_DATA = "2a864886f70d010701", "2a864886f70d010702"
_CENTRAL, _END = struct.Struct("<42sI"), struct.Struct("<8s2H2IH")


def der(tag: int, *parts: bytes, is_endless: bool = False) -> bytes:
    """One value of `parts`; `is_endless` gives it BER's indefinite length."""
    content = b"".join(parts)
    if is_endless:
        return bytes([tag, 0x80]) + content + b"\0\0"
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 + len(length)]) + length + content


def oid(hexadecimal: str) -> bytes:
    """An object identifier from its encoding."""
    return der(0x06, bytes.fromhex(hexadecimal))


def sha2_oid(hash_name: str) -> bytes:
    """The algorithm identifier of a hash; of an unknown one, MD5's."""
    number = SHA2.get(hash_name)
    return der(0x30, oid(f"60864801650304020{number}" if number else "2a864886f70d0205"))


def attribute(kind: str, *values: bytes) -> bytes:
    """An attribute with its values."""
    return der(0x30, oid(kind), der(0x31, *values))


def hash_text(package: bytes, hash_name: str = "sha256") -> bytes:
    """What NuGet signs of a package."""
    digest = base64.b64encode(hashlib.new(hash_name, package).digest()).decode()
    return f"Version:1\n\n2.16.840.1.101.3.4.2.{SHA2[hash_name]}-Hash:{digest}\n\n".encode()


CERTIFICATE = der(0x30, b"a certificate, as far as anybody here looks")


def signer(
    of: bytes,
    *,
    hash_name: str = "sha256",
    digest: bytes | None = None,
    kind: str | None = "author",
    certificate: bytes = CERTIFICATE,
    countersigners: Iterable[bytes] = (),
    signature: bytes = b"signature of the signer",
    has_signed: bool = True,
) -> bytes:
    """A SignerInfo over the bytes `of`."""
    digest = digest if digest is not None else hashlib.new(hash_name if hash_name in SHA2 else "md5", of).digest()
    signed = [attribute("2a864886f70d010904", der(0x04, digest))]
    if kind:
        signed.append(attribute("2a864886f70d0109100210", der(0x30, oid(KINDS[kind]))))
    named = der(0x30, der(0x30, der(0x30, der(0x04, hashlib.sha256(certificate).digest()))))
    signed.append(attribute("2a864886f70d010910022f", named))
    counter = list(countersigners)
    return der(
        0x30,
        der(0x02, b"\3"),
        der(0x80, b"key"),
        sha2_oid(hash_name),
        der(0xA0, *signed) if has_signed else b"",
        der(0x30, oid("2a864886f70d010101")),
        der(0x04, signature),
        der(0xA1, attribute("2a864886f70d010906", *counter)) if counter else b"",
    )


def signed_data(content: bytes, *signers: bytes, is_endless: bool = False, certificate: bytes = CERTIFICATE) -> bytes:
    """A CMS SignedData; `is_endless` writes it as old tools did, in BER with the content in two pieces."""
    octets = der(0x04, content)
    if is_endless:
        octets = der(0x24, der(0x04, content[:7]), der(0x04, content[7:]), is_endless=True)
    encapsulated = der(0x30, oid(_DATA), der(0xA0, octets, is_endless=is_endless), is_endless=is_endless)
    fields = (der(0x02, b"\3"), der(0x31, sha2_oid("sha256")), encapsulated, der(0xA0, certificate))
    inner = der(0x30, *fields, der(0x31, *signers), is_endless=is_endless)
    return der(0x30, oid(_SIGNED_DATA), der(0xA0, inner, is_endless=is_endless), is_endless=is_endless)


def signature_of(package: bytes, *, hash_name: str = "sha256") -> bytes:
    """An honest signature of a package that has none."""
    text = hash_text(package, hash_name)
    return signed_data(text, signer(text, hash_name=hash_name))


def sign(package: bytes, signature: bytes | None = None, *, flags: int = 0, attributes: int = 0) -> bytes:
    """The package with a signature entry behind the others, added as the NuGet client adds it."""
    body, directory, end = _parts(package)
    signature = signature_of(package) if signature is None else signature
    local, central = _headers(signature, len(body), flags, attributes)
    return body + local + directory + central + _grown(end, len(central), len(local))


def sign_in_front(package: bytes) -> bytes:
    """The package with a signature entry before all others."""
    body, directory, end = _parts(package)
    local, central = _headers(signature_of(package), 0, 0, 0)
    return local + body + central + _moved(directory, len(local)) + _grown(end, len(central), len(local))


def _parts(package: bytes) -> tuple[bytes, bytes, bytes]:
    end_start = package.rfind(b"PK\5\6")
    start = int.from_bytes(package[end_start + 16 : end_start + 20], "little")
    return package[:start], package[start:end_start], package[end_start:]


def _headers(signature: bytes, offset: int, flags: int, attributes: int) -> tuple[bytes, bytes]:
    size = len(signature)
    common = struct.pack("<5H3I2H", 20, flags, 0, 0, 0x5821, zlib.crc32(signature), size, size, len(NAME), 0)
    local = b"PK\3\4" + common + NAME + signature
    return local, b"PK\1\2\x14\0" + common + struct.pack("<3H2I", 0, 0, 0, attributes, offset) + NAME


def _moved(directory: bytes, by: int) -> bytes:
    moved, position = b"", 0
    while position < len(directory):
        start, offset = _CENTRAL.unpack_from(directory, position)
        stop = position + 46 + sum(struct.unpack_from("<3H", directory, position + 28))
        moved += _CENTRAL.pack(start, offset + by) + directory[position + 46 : stop]
        position = stop
    return moved


def _grown(end: bytes, directory_bytes: int, body_bytes: int) -> bytes:
    head, here, count, size, start, comment = _END.unpack_from(end)
    return _END.pack(head, here + 1, count + 1, size + directory_bytes, start + body_bytes, comment) + end[_END.size :]
