"""A certificate authority of one's own, made with the openssl program, and servers with its certificates."""

import http.client
import ssl
import subprocess
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import require_program
from tests.support.servers import MOTHERLODE, START_TIMEOUT_S, Server, clean_environment, free_port

HOSTS = ("DNS:localhost", "IP:127.0.0.1", "IP:::1")
P256 = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
P521 = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521")
RSA = ("-newkey", "rsa:2048")


@dataclass(frozen=True, slots=True)
class Issued:
    """The PEM files of a certificate and its key."""

    certificate: Path
    key: Path

    @property
    def settings(self) -> dict[str, str]:
        """The environment that makes a server use them."""
        return {
            "MOTHERLODE_SERVER_TLS_CERTIFICATE": str(self.certificate),
            "MOTHERLODE_SERVER_TLS_KEY": str(self.key),
        }


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority that nobody trusts who was not told to; its own certificate is `certificate`."""

    folder: Path
    certificate: Path

    def issue(self, name: str, *, hosts: Iterable[str] = HOSTS, days: int = 30, key: Iterable[str] = P256) -> Issued:
        """A certificate with that common name for servers on these hosts; with `days` below 0 it is expired."""
        issued = Issued(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(hosts)}\nextendedKeyUsage=serverAuth\n")
        openssl("req", *key, "-nodes", "-keyout", issued.key, "-out", request, "-subj", f"/CN={name}")
        signing = ("-CA", self.certificate, "-CAkey", self.folder / "authority.key", "-CAcreateserial")
        openssl(
            "x509", "-req", "-in", request, *signing, "-days", days, "-extfile", extensions, "-out", issued.certificate
        )
        return issued

    def context(self) -> ssl.SSLContext:
        """What a client that trusts this authority alone connects with."""
        return ssl.create_default_context(cafile=self.certificate)


@dataclass(slots=True)
class HttpsServer(Server):
    """A running server that speaks https, with a certificate of `authority`."""

    authority: Authority = field(kw_only=True)

    def open_connection(self) -> http.client.HTTPSConnection:
        """What one request is sent on; it trusts the server's authority alone."""
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.authority.context())

    def connect_tls(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """A raw connection after its handshake."""
        return (context or self.authority.context()).wrap_socket(self.connect(), server_hostname="127.0.0.1")

    def served_name(self) -> str:
        """The common name of the certificate that a new connection is shown."""
        with self.connect_tls() as connection:
            certificate = connection.getpeercert() or {}
        return dict(part[0] for part in certificate["subject"])["commonName"]  # type: ignore[index, misc]


def openssl(*arguments: object) -> None:
    """Run the openssl program, which must succeed."""
    command = [require_program("openssl"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def make_authority(folder: Path) -> Authority:
    """A new authority whose files are in the folder."""
    authority = Authority(folder, folder / "authority.pem")
    constraints = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    files = ("-keyout", folder / "authority.key", "-out", authority.certificate)
    openssl("req", "-x509", *P256, "-nodes", *files, "-days", 30, "-subj", "/CN=Authority of tests", *constraints)
    return authority


def start_https_server(
    authority: Authority,
    *,
    data: Path,
    workers: int = 1,
    environment: Mapping[str, str] | None = None,
    arguments: Iterable[object] = (),
) -> HttpsServer:
    """Start `motherlode serve`, its certificate named by environment or arguments, and wait for its panel."""
    port = free_port()
    where = ("--data", data, "--port", port, "--workers", workers)
    with (data.parent / f"{data.name}.log").open("a") as log:
        process = subprocess.Popen(
            [str(part) for part in (MOTHERLODE, "serve", *where, *arguments)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=clean_environment(**(environment or {})),
        )
    server = HttpsServer(process, f"https://127.0.0.1:{port}", data, "", authority=authority)
    server.panel = _read_panel(process)
    server.key = (data / "first-key.txt").read_text().strip()
    return server


def log_of(server: Server) -> str:
    """All that the server wrote to standard error."""
    return (server.data.parent / f"{server.data.name}.log").read_text()


def _read_panel(process: subprocess.Popen[str]) -> list[str]:
    """The panel up to the web address, which stands alone on its line."""
    assert process.stdout
    guard = threading.Timer(START_TIMEOUT_S, process.kill)
    guard.start()
    lines: list[str] = []
    try:
        while not (lines and lines[-1].startswith("https://")):
            line = process.stdout.readline()
            assert line, f"the server ended with {process.wait(START_TIMEOUT_S)}"
            lines.append(line.rstrip("\n"))
    finally:
        guard.cancel()
    return lines
