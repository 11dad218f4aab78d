"""The address a server listens on: checked and reserved before anything else happens.

Workers share a port (SO_REUSEPORT), so the kernel would let a second server of the same user share it too. The port is
therefore first bound exclusively, and then held by a socket that never listens.
"""

import errno
import os
import socket
import stat
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from motherlode.cli.output import CommandFailed

_RETRY_INTERVAL_S = 0.02
_FILES = Path("/proc/self/fd")
_UNSENT_BYTES = 256 * 1024
_ANY_HOSTS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class Listening:
    """A reserved address: `host` is numeric, `port` is never 0. It stays reserved as long as `holder` is open."""

    host: str
    port: int
    holder: socket.socket | None

    @property
    def family(self) -> socket.AddressFamily:
        """The address family of `host`."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def reachable_host(self) -> str:
        """A host under which this machine can connect: the loopback address if `host` is a wildcard."""
        return _ANY_HOSTS.get(self.host, self.host)


def hold_port(host: str, port: int) -> Listening:
    """Reserve the address; port 0 picks a free one. Raises CommandFailed if it cannot be used."""
    family, numeric = _resolve(host)
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((numeric, port))
            free_port = int(probe.getsockname()[1])
            probe.listen(1)
        return Listening(numeric, free_port, _hold(family, numeric, free_port))
    except OSError as error:
        raise CommandFailed(_explain(host, port, error)) from error


def base_url(scheme: str, host: str, port: int) -> str:
    """Return `scheme://host:port`, with an IPv6 address in brackets."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def wait_until_accepting(host: str, port: int, stop: threading.Event) -> bool:
    """Wait until the server accepts a connection. Returns True then, or False once `stop` is set."""
    while not stop.is_set():
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            stop.wait(_RETRY_INTERVAL_S)
        else:
            return True
    return False


def is_listening_here() -> bool:
    """Whether this process accepts connections. Always True outside Linux, where all processes share one socket."""
    return not _FILES.is_dir() or any(_is_listener(int(file.name)) for file in _FILES.iterdir())


def limit_unsent_bytes() -> None:
    """Limit the unsent data that the kernel buffers for each connection that this process accepts from now on.

    Without the limit the kernel buffers megabytes for a client that does not read.
    """
    if _FILES.is_dir() and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        for descriptor in (int(file.name) for file in _FILES.iterdir()):
            if _is_listener(descriptor):
                with socket.socket(fileno=os.dup(descriptor)) as listener:
                    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)


def _is_listener(descriptor: int) -> bool:
    with suppress(OSError):
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            opened = socket.socket(fileno=descriptor)
            try:
                return bool(opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
            finally:
                opened.detach()
    return False


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CommandFailed(f"The host {host} cannot be resolved. Choose another one with --host.") from error
    return family, str(address[0])


def _hold(family: socket.AddressFamily, host: str, port: int) -> socket.socket | None:
    if sys.platform != "linux":
        return None
    holder = socket.socket(family, socket.SOCK_STREAM)
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((host, port))
    except OSError:
        holder.close()
        raise
    return holder


def _explain(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is already in use. Stop the program that uses it, "
            f"or choose another port, for example --port {port + 1 if port < 65535 else 5555}."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine does not have the address {host}. Choose another one with --host."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"This user is not allowed to listen on port {port}. Choose a port above 1023 with --port."
    return f"Port {port} on {host} cannot be used ({error.strerror}). Choose another one with --port or --host."
