"""Lists the TCP connections to a port of this machine, as the kernel sees them, and ends those of this process.

Only the kernel knows every connection, including those that never finish a TLS handshake or a request and those whose
client reads nothing. It is asked over netlink (sock_diag(7)), which takes a few calls for thousands of connections.
This works on Linux only; on other systems, and if the kernel refuses, `list_connections` raises OSError.
"""

import os
import socket
import stat
import struct
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final

_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_DUMP: Final = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_ERROR: Final = 2
_DONE: Final = 3
_INFO: Final = 2  # INET_DIAG_INFO: struct tcp_info
_OPEN: Final = (1 << 1) | (1 << 8)  # TCP_ESTABLISHED and TCP_CLOSE_WAIT
_HEADER: Final = struct.Struct("=IHHII")
_REQUEST: Final = struct.Struct("=BBBxI")
_PORTS: Final = struct.Struct(">HH")
_PORTS_AT: Final = 20
_AFTER_ID: Final = struct.Struct("=IIIII")
_AFTER_ID_AT: Final = 16 + 4 + 48
_ATTRIBUTES_AT: Final = _AFTER_ID_AT + _AFTER_ID.size
_ATTRIBUTE: Final = struct.Struct("=HH")
_IDLE: Final = struct.Struct("=I4xI")  # tcpi_last_data_sent, tcpi_last_data_recv
_IDLE_AT: Final = 44
_ACKNOWLEDGED: Final = struct.Struct("=Q")  # tcpi_bytes_acked
_ACKNOWLEDGED_AT: Final = 120
_INFO_BYTES: Final = 128
_RECEIVED_BYTES: Final = 1 << 17
_TIMEOUT_S: Final = 5.0
_PAUSE_S: Final = 0.002
_DROP_UNREAD: Final = struct.pack("ii", 1, 0)  # struct linger: close at once


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection. `inode` identifies its socket on this machine. `unread_bytes` were sent and the client has not
    read them yet; `read_bytes` it has read so far. `idle_ms` is the time since either side last sent anything."""

    address: str
    port: int
    inode: int
    unread_bytes: int
    read_bytes: int
    idle_ms: int


def list_connections(family: socket.AddressFamily, port: int) -> list[Connection]:
    """All open connections to the port that any process has accepted. Raises OSError if the kernel cannot be asked."""
    if not hasattr(socket, "AF_NETLINK"):
        raise OSError("this system has no sock_diag")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as netlink:
        netlink.settimeout(_TIMEOUT_S)
        netlink.send(_build_request(family, port))
        found = [_read_connection(message) for message in _messages(netlink) if _is_to_port(message, port)]
    return [connection for connection in found if connection.inode]


def end_connections(inodes: Collection[int], *, is_abrupt: bool = False) -> int:
    """End this process's connections with these inodes; returns how many were ended.

    To the code that uses a connection it looks as if the client had closed it. `is_abrupt` drops what the client has
    not read yet; otherwise the kernel keeps that for minutes."""
    return sum(_end(int(file.name), inodes, is_abrupt=is_abrupt) for file in Path("/proc/self/fd").iterdir())


def _end(descriptor: int, inodes: Collection[int], *, is_abrupt: bool) -> bool:
    """End the connection if its inode is one of these.

    The descriptor may be reused for another file at any time; the copy's descriptor cannot. So the copy is checked."""
    with suppress(OSError):
        if os.fstat(descriptor).st_ino not in inodes or not _is_socket(descriptor):
            return False
        with socket.socket(fileno=os.dup(descriptor)) as copy:
            if os.fstat(copy.fileno()).st_ino not in inodes:
                return False
            if is_abrupt:
                copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP_UNREAD)
            copy.shutdown(socket.SHUT_RDWR)
            return True
    return False


def _is_socket(descriptor: int) -> bool:
    return stat.S_ISSOCK(os.fstat(descriptor).st_mode)


def _build_request(family: socket.AddressFamily, port: int) -> bytes:
    """The request for the open connections to the port, with tcp_info (struct inet_diag_req_v2)."""
    any_socket = _PORTS.pack(port, 0) + bytes(36) + b"\xff" * 8
    request = _REQUEST.pack(family, socket.IPPROTO_TCP, 1 << (_INFO - 1), _OPEN) + any_socket
    return _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _DUMP, 1, 0) + request


def _messages(netlink: socket.socket) -> Iterator[memoryview]:
    """The messages of a reply, part by part (about 60 connections), with a pause after each."""
    while True:
        received = memoryview(netlink.recv(_RECEIVED_BYTES))
        while received:
            length, kind, *_ = _HEADER.unpack_from(received)
            if kind == _DONE:
                return
            if kind == _ERROR:
                number = -int(struct.unpack_from("=i", received, _HEADER.size)[0])
                raise OSError(number, os.strerror(number))
            yield received[:length]
            received = received[(length + 3) & ~3 :]
        time.sleep(_PAUSE_S)  # the event loop must not wait until a thousand connections are parsed


def _is_to_port(message: memoryview, port: int) -> bool:
    """Whether the connection is to this port. Old kernels ignore the port in the request."""
    return bool(_PORTS.unpack_from(message, _PORTS_AT)[0] == port)


def _read_connection(message: memoryview) -> Connection:
    """Parse a struct inet_diag_msg and its attributes."""
    _, _, unread_bytes, _, inode = _AFTER_ID.unpack_from(message, _AFTER_ID_AT)
    info = _find_info(message[_ATTRIBUTES_AT:])
    return Connection(
        address=_address(message[16], bytes(message[40:56])),
        port=_PORTS.unpack_from(message, _PORTS_AT)[1],
        inode=inode,
        unread_bytes=unread_bytes,
        read_bytes=_ACKNOWLEDGED.unpack_from(info, _ACKNOWLEDGED_AT)[0] if len(info) >= _INFO_BYTES else 0,
        idle_ms=min(_IDLE.unpack_from(info, _IDLE_AT)) if len(info) >= _INFO_BYTES else 0,
    )


def _find_info(attributes: memoryview) -> memoryview:
    while len(attributes) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(attributes)
        if kind == _INFO:
            return attributes[_ATTRIBUTE.size : length]
        attributes = attributes[max(_ATTRIBUTE.size, (length + 3) & ~3) :]
    return attributes


def _address(family: int, packed: bytes) -> str:
    """The address as text, as in a request's ASGI scope, except that a mapped IPv4 address is written as IPv4."""
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, packed[:4])
    mapped = IPv6Address(packed).ipv4_mapped
    return str(mapped or socket.inet_ntop(socket.AF_INET6, packed))
