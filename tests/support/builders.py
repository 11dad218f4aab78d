"""Packages for every test, made in memory; the same arguments always make the same bytes.

`nupkg` packs an honest package from what a test cares about. `zip_of` writes a zip from `Member`s whose every field can
lie: hostile archives are made with it.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"
PACKED_ON = (2024, 1, 2, 3, 4, 6)
CONTENT_TYPES = (
    b'<?xml version="1.0" encoding="utf-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="nuspec" ContentType="application/octet" /></Types>'
)

Dependencies = Mapping[str, str | None]


def nuspec(
    id: str = "Acme.Widgets",  # noqa: A002
    version: str = "1.0.0",
    *,
    description: str = "A test package.",
    authors: str = "Sample Authors",
    dependencies: Dependencies | None = None,
    groups: Mapping[str | None, Dependencies] | None = None,
    more: str = "",
    namespace: str | None = NAMESPACE,
    **elements: str,
) -> bytes:
    """A nuspec in UTF-8.

    `dependencies` is flat (id to range, None for no range), `groups` maps a framework (None for any) to such a mapping.
    `elements` are further texts of the metadata by their names in the nuspec (`projectUrl="https://…"`), `more` is put
    into the metadata as it is.
    """
    texts = {"id": id, "version": version, "authors": authors, "description": description, **elements}
    metadata = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items())
    xmlns = f' xmlns="{namespace}"' if namespace else ""
    document = f"<package{xmlns}><metadata>{metadata}{_dependencies(dependencies, groups)}{more}</metadata></package>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n{document}'.encode()


def nupkg(
    id: str = "Acme.Widgets",  # noqa: A002
    version: str = "1.0.0",
    *,
    files: Mapping[str, bytes] | None = None,
    nuspec: bytes | None = None,
    nuspec_name: str | None = None,
    payload_bytes: int = 0,
    seed: int = 0,
    comment: bytes = b"",
    **metadata: Any,
) -> bytes:
    """A sound package; `files` are added to the nuspec, one placeholder and the content types.

    `nuspec` replaces the nuspec's bytes; otherwise `metadata` goes to `builders.nuspec`. `payload_bytes` adds a file of
    that many bytes that do not compress; other `seed`s give other bytes (two contents of one id and version).
    """
    document = nuspec if nuspec is not None else _nuspec(id, version, **metadata)
    packed = {nuspec_name or f"{id}.nuspec": document, "lib/netstandard2.0/_._": b"", **(files or {})}
    if payload_bytes or seed:
        packed["content/payload.bin"] = random.Random(seed).randbytes(payload_bytes or 16)
    packed["[Content_Types].xml"] = CONTENT_TYPES
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.comment = comment
        for name, content in packed.items():
            stored = name == "content/payload.bin" or name == ".signature.p7s"
            method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(_zip_info(name), content, method)
    return into.getvalue()


def flawless(id: str = "Acme.Flawless", version: str = "1.0.0") -> bytes:  # noqa: A002
    """A package of which nothing is to be said: with readme and license."""
    license_told = '<license type="expression">MIT</license><licenseUrl>https://licenses.nuget.org/MIT</licenseUrl>'
    return nupkg(id, version, readme="README.md", more=license_told, files={"README.md": b"# Flawless\n"})


@dataclass(frozen=True)
class Member:
    """One entry of a hostile archive.

    `central` and `local` replace fields of one header only: `signature` `needed` `flags` `method` `time` `date` `crc`
    `packed_size` `size` `name` `extra`, and in `central` also `made_by` `disk` `internal` `external` `offset`
    `comment`. `packed` replaces the packed bytes, `descriptor` puts the sizes after them.
    """

    name: str | bytes
    content: bytes = b""
    method: int = 8
    flags: int = 0
    packed: bytes | None = None
    descriptor: bool = False
    zip64: bool = False
    central: Mapping[str, int | bytes] = field(default_factory=dict)
    local: Mapping[str, int | bytes] = field(default_factory=dict)


def zip_of(
    members: Iterable[Member], *, prefix: bytes = b"", suffix: bytes = b"", zip64: bool = False, **end: Any
) -> bytes:
    """A zip of `members` as they say.

    `end` replaces fields of the end record: `disk` `start_disk` `here` `count` `size` `offset` `comment`; `zip64`
    writes zip64 end records before it; `prefix` and `suffix` surround it, offsets not adjusted.
    """
    body, directory, count = bytearray(), bytearray(), 0
    for member in members:
        local, central = _headers(member, len(body))
        body += local
        directory += central
        count += 1
    tail = b""
    values = {"disk": 0, "start_disk": 0, "here": count, "count": count, "size": len(directory), "offset": len(body)}
    if zip64:
        tail = _zip64_end(count, len(directory), len(body))
        values.update(here=0xFFFF, count=0xFFFF, size=0xFFFFFFFF, offset=0xFFFFFFFF)
    comment: bytes = end.pop("comment", b"")
    values.update(end)
    record = struct.pack("<4s4H2IH", b"PK\5\6", *values.values(), len(comment)) + comment
    return prefix + bytes(body) + bytes(directory) + tail + record + suffix


def hostile(*members: Member, id: str = "Acme.Widgets", **end: Any) -> bytes:  # noqa: A002
    """A package that is sound but for `members` and `end` (as in `zip_of`)."""
    return zip_of([Member(f"{id}.nuspec", nuspec(id)), *members], **end)


_nuspec = nuspec


def _dependencies(flat: Dependencies | None, groups: Mapping[str | None, Dependencies] | None) -> str:
    if flat is None and groups is None:
        return ""
    inner = _dependency_list(flat or {})
    for framework, listed in (groups or {}).items():
        target = f" targetFramework={quoteattr(framework)}" if framework is not None else ""
        inner += f"<group{target}>{_dependency_list(listed)}</group>"
    return f"<dependencies>{inner}</dependencies>"


def _dependency_list(listed: Dependencies) -> str:
    return "".join(
        f"<dependency id={quoteattr(name)}"
        + (f" version={quoteattr(versions)}" if versions is not None else "")
        + " />"
        for name, versions in listed.items()
    )


def _zip_info(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, PACKED_ON)
    member.create_system = 0
    return member


def _headers(member: Member, offset: int) -> tuple[bytes, bytes]:
    """The local header with its data (and descriptor), and the central header."""
    name = member.name if isinstance(member.name, bytes) else member.name.encode()
    packed = member.packed if member.packed is not None else _packed(member)
    flags = member.flags | (0x800 if not name.isascii() and isinstance(member.name, str) else 0) | 8 * member.descriptor
    time = PACKED_ON[3] << 11 | PACKED_ON[4] << 5 | PACKED_ON[5] // 2
    date = PACKED_ON[0] - 1980 << 9 | PACKED_ON[1] << 5 | PACKED_ON[2]
    crc, size, packed_size = zlib.crc32(member.content), len(member.content), len(packed)
    common = {"needed": 45 if member.zip64 else 20, "flags": flags, "method": member.method, "time": time, "date": date}
    whole: dict[str, Any] = {**common, "crc": crc, "packed_size": packed_size, "size": size}
    if member.zip64:
        whole |= {
            "packed_size": 0xFFFFFFFF,
            "size": 0xFFFFFFFF,
            "extra": struct.pack("<HHQQ", 1, 16, size, packed_size),
        }
    unknown = {**common, "crc": 0, "packed_size": 0, "size": 0}
    local: dict[str, Any] = {
        "signature": b"PK\3\4",
        "name": name,
        "extra": b"",
        **(unknown if member.descriptor else whole),
    }
    central: dict[str, Any] = {
        "signature": b"PK\1\2",
        "made_by": 20,
        "name": name,
        "extra": b"",
        "comment": b"",
        **whole,
    }
    central |= {"disk": 0, "internal": 0, "external": 0, "offset": offset}
    after = struct.pack("<4s3I", b"PK\7\x08", crc, packed_size, size) if member.descriptor else b""
    return _local_header(local | dict(member.local)) + packed + after, _central_header(central | dict(member.central))


def _packed(member: Member) -> bytes:
    if member.method == 0:
        return member.content
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflater.compress(member.content) + deflater.flush()


def _local_header(of: Mapping[str, Any]) -> bytes:
    fixed = (
        of[name] for name in ("signature", "needed", "flags", "method", "time", "date", "crc", "packed_size", "size")
    )
    name, extra = of["name"], of["extra"]
    header = struct.pack("<4s5H3I2H", *fixed, len(name), len(extra))
    return b"".join((header, name, extra))


def _central_header(of: Mapping[str, Any]) -> bytes:
    names = ("signature", "made_by", "needed", "flags", "method", "time", "date", "crc", "packed_size", "size")
    name, extra, comment = of["name"], of["extra"], of["comment"]
    lengths = (len(name), len(extra), len(comment))
    rest = (of[key] for key in ("disk", "internal", "external", "offset"))
    header = struct.pack("<4s6H3I5H2I", *(of[key] for key in names), *lengths, *rest)
    return b"".join((header, name, extra, comment))


def _zip64_end(count: int, size: int, offset: int) -> bytes:
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    return record + struct.pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
