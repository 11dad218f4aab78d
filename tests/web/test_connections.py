"""The kernel's view of connections, against sockets of this process."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from motherlode.connections import Connection, end_connections, list_connections

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be asked")


@pytest.fixture(params=["127.0.0.1", "::1"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client, and the server's end of its connection."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with closing(socket.create_server((request.param, 0), family=family)) as listener:
        client = socket.create_connection(listener.getsockname()[:2], timeout=10)
        server, _ = listener.accept()
        with client, server:
            yield client, server


def look(server: socket.socket) -> list[Connection]:
    return list_connections(server.family, server.getsockname()[1])


def test_a_connection_is_found_by_the_servers_port(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    [found] = look(server)
    address, port = client.getsockname()[:2]
    assert (found.address, found.port, found.inode) == (address, port, os.fstat(server.fileno()).st_ino)
    assert (found.unread_bytes, found.read_bytes) == (0, 0)


def fill(server: socket.socket) -> int:
    """Send until nothing more can be sent; returns how many bytes that were."""
    server.setblocking(False)
    sent = 0
    with suppress(BlockingIOError):
        while True:
            sent += server.send(b"y" * 65536)
    return sent


def test_what_the_client_has_read_and_has_not_is_told(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    server.sendall(b"x" * 1000)
    client.recv(1000, socket.MSG_WAITALL)
    sent = 1000 + fill(server)
    [found] = look(server)
    assert found.unread_bytes > 0
    assert found.read_bytes >= 1000
    assert found.unread_bytes + found.read_bytes == sent


def test_an_ended_one_is_closed_for_both_and_others_are_not(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    [found] = look(server)
    other, peer = socket.socketpair()
    with other, peer:
        assert end_connections({found.inode}) == 1
        assert client.recv(1) == b""
        assert server.recv(1) == b""
        peer.send(b"z")
        assert other.recv(1) == b"z"
    assert end_connections({0}) == 0


def test_an_abrupt_end_drops_what_is_unread(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    sent, received = fill(server), 0
    [found] = look(server)
    assert end_connections({found.inode}, is_abrupt=True) == 1
    server.close()
    with suppress(ConnectionResetError):
        while chunk := client.recv(65536):
            received += len(chunk)
    assert received < sent // 2


def test_one_that_waits_to_be_accepted_is_none_yet() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        assert look(listener) == []
