"""https in `serve` itself: what it speaks, which files it refuses, and what it warns of."""

import re
import shutil
import socket
import ssl
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import assert_refused, run, workers_of
from tests.conftest import require_program
from tests.support.builders import nupkg
from tests.support.https import P521, Authority, HttpsServer, Issued, log_of, openssl

Serve = Callable[..., HttpsServer]


def curl(server: HttpsServer, *arguments: object) -> str:
    """Run curl, which trusts the server's authority and must succeed; returns what it printed."""
    command = [
        require_program("curl"),
        "--silent",
        "--show-error",
        "--cacert",
        server.authority.certificate,
        *arguments,
    ]
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=60, check=True
    ).stdout


class TestSpoken:
    """HTTP/1.1, and HTTP/2 where it is on; TLS 1.2 and newer, nothing else."""

    def test_the_panel_names_https_and_asks_for_no_leave(self, shared: HttpsServer) -> None:
        add = f"dotnet nuget add source {shared.url}/v3/index.json --name motherlode"
        assert add in shared.panel
        assert shared.panel[-1] == f"{shared.url}/"
        assert "warning" not in log_of(shared)

    @pytest.mark.parametrize(
        ("offered", "agreed"),
        [(["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), ([], None)],
    )
    def test_the_protocol_is_agreed_on_in_the_handshake(
        self, shared: HttpsServer, authority: Authority, offered: list[str], agreed: str | None
    ) -> None:
        context = authority.context()
        if offered:
            context.set_alpn_protocols(offered)
        with shared.connect_tls(context) as connection:
            assert connection.selected_alpn_protocol() == agreed

    @pytest.mark.parametrize(("option", "version"), [("--http2", "2"), ("--http1.1", "1.1")])
    def test_both_are_answered_with_https_addresses_of_the_host_that_was_asked(
        self, with_http2: HttpsServer, option: str, version: str
    ) -> None:
        asked = f"https://localhost:{with_http2.port}"
        printed = curl(with_http2, option, "--write-out", "\n%{http_version}", f"{asked}/v3/index.json")
        document, _, spoken = printed.rpartition("\n")
        assert spoken == version
        addresses = re.findall(r'"@id":"([^"]*?)/(?:v3|api)/', document)
        assert set(addresses) == {asked}

    @pytest.mark.parametrize("option", ["--http2", "--http1.1"])
    def test_a_large_package_goes_both_ways(self, with_http2: HttpsServer, tmp_path: Path, option: str) -> None:
        package_id = f"Acme.Large{option.strip('-').replace('.', '')}"
        package, received = tmp_path / "large.nupkg", tmp_path / "received.nupkg"
        package.write_bytes(nupkg(package_id, payload_bytes=20_000_000))
        to = ("--header", f"X-NuGet-ApiKey: {with_http2.key}", f"{with_http2.url}/api/v2/package")
        status = ("--output", tmp_path / "answer", "--write-out", "%{http_code}")
        assert curl(with_http2, option, *status, "--form", f"package=@{package}", "--request", "PUT", *to) == "201"
        assert curl(with_http2, option, *status, "--form", f"package=@{package}", "--request", "PUT", *to) == "409"
        file = f"{with_http2.url}/v3/flat/{package_id}/1.0.0/{package_id}.1.0.0.nupkg"
        curl(with_http2, option, "--output", received, file)
        assert received.read_bytes() == package.read_bytes()

    def test_tls_1_2_is_spoken(self, shared: HttpsServer, authority: Authority) -> None:
        context = authority.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with shared.connect_tls(context) as connection:
            assert connection.version() == "TLSv1.2"

    def test_tls_1_1_is_refused_by_the_server(self, shared: HttpsServer, authority: Authority) -> None:
        context = authority.context()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with shared.connect() as raw, pytest.raises(ssl.SSLError, match="ALERT"):
            context.wrap_socket(raw, server_hostname="127.0.0.1")

    @pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 5000, b"\x16\x03\x01\xff\xff"])
    def test_who_speaks_no_tls_is_sent_away_and_hurts_nobody(self, shared: HttpsServer, sent: bytes) -> None:
        workers = workers_of(shared.process.pid)
        assert b"HTTP/" not in say(shared, sent)
        assert shared.get("/health/live").status == 200
        assert workers_of(shared.process.pid) == workers

    def test_who_says_nothing_keeps_nobody_waiting(self, shared: HttpsServer) -> None:
        silent = [shared.connect() for _ in range(50)]
        assert shared.get("/health/live").status == 200
        for connection in silent:
            connection.close()

    def test_the_copy_that_workers_start_from_is_private_and_goes_with_the_server(
        self, serve_https: Serve, first: Issued
    ) -> None:
        server = serve_https(environment=first.settings)
        [copy] = (server.data / "run").glob("tls-*.pem")
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert server.stop() == 0
        assert list((server.data / "run").glob("tls-*.pem")) == []

    def test_what_a_killed_server_left_is_gone_at_the_next_start(
        self, serve_https: Serve, first: Issued, second: Issued, tmp_path: Path
    ) -> None:
        serve_https(environment=first.settings).kill()
        shutil.move(tmp_path / "data-0", tmp_path / "data-1")
        server = serve_https(environment=second.settings)
        assert len(list((server.data / "run").glob("tls-*.pem"))) == 1
        assert server.served_name() == "second"


class TestRefusedAtStart:
    """Files that are no good: a sentence that says what to do, and exit code 1."""

    @pytest.fixture
    def try_to_serve(self, tmp_path: Path) -> Callable[[Path, Path], subprocess.CompletedProcess[str]]:
        """Runs a server that should not start."""

        def start(certificate: Path, key: Path) -> subprocess.CompletedProcess[str]:
            files = ("--tls-certificate", certificate, "--tls-key", key)
            return run("serve", "--port", 0, "--data", tmp_path / "data", *files)

        return start

    def test_one_without_the_other(self, tmp_path: Path, first: Issued) -> None:
        done = run("serve", "--data", tmp_path / "d", "--tls-certificate", first.certificate)
        assert_refused(done, "server.tls_key is not", "both")
        done = run("serve", "--data", tmp_path / "d", MOTHERLODE_SERVER_TLS_KEY=str(first.key))
        assert_refused(done, "server.tls_certificate is not", "both")

    def test_files_that_are_not_there(self, try_to_serve, tmp_path: Path, first: Issued) -> None:
        missing = tmp_path / "missing.pem"
        assert_refused(try_to_serve(missing, first.key), f"{missing} cannot be read (No such file")
        assert_refused(try_to_serve(first.certificate, missing), f"{missing} cannot be read (No such file")
        assert not (tmp_path / "data").exists()

    def test_what_cannot_be_read(self, try_to_serve, tmp_path: Path, first: Issued) -> None:
        assert_refused(try_to_serve(tmp_path, first.key), f"{tmp_path} cannot be read (Is a directory")

    def test_what_is_not_pem(self, try_to_serve, tmp_path: Path, first: Issued) -> None:
        der = tmp_path / "server.der"
        openssl("x509", "-in", first.certificate, "-outform", "der", "-out", der)
        assert_refused(try_to_serve(der, first.key), "does not contain a PEM certificate", "openssl x509 -inform der")
        assert_refused(try_to_serve(first.certificate, first.certificate), "does not contain a PEM private key")

    @pytest.mark.parametrize("how", [("pkcs8", "-topk8"), ("ec", "-aes128")])
    def test_an_encrypted_key(self, try_to_serve, tmp_path: Path, first: Issued, how: tuple[str, ...]) -> None:
        encrypted = tmp_path / "encrypted.key"
        openssl(*how, "-in", first.key, "-passout", "pass:secret", "-out", encrypted)
        assert_refused(try_to_serve(first.certificate, encrypted), "is encrypted", "openssl pkey -in")

    def test_the_key_of_another_certificate(self, try_to_serve, first: Issued, second: Issued) -> None:
        assert_refused(try_to_serve(first.certificate, second.key), str(second.key), "does not belong to the first")

    def test_a_chain_in_the_wrong_order(
        self, try_to_serve, tmp_path: Path, authority: Authority, first: Issued
    ) -> None:
        chain = tmp_path / "chain.pem"
        chain.write_bytes(authority.certificate.read_bytes() + first.certificate.read_bytes())
        assert_refused(try_to_serve(chain, first.key), "put the server's own certificate first")

    def test_a_damaged_certificate(self, try_to_serve, tmp_path: Path, first: Issued) -> None:
        damaged = tmp_path / "damaged.pem"
        lines = first.certificate.read_text().splitlines(keepends=True)
        damaged.write_text("".join(lines[:2] + lines[3:]))
        assert_refused(try_to_serve(damaged, first.key), "cannot be used", "complete")

    def test_a_key_of_a_kind_that_is_not_taken(self, try_to_serve, authority: Authority, tmp_path: Path) -> None:
        issued = authority.issue("p521", key=P521)
        assert_refused(try_to_serve(issued.certificate, issued.key), "P-256")
        assert list((tmp_path / "data" / "run").glob("tls-*.pem")) == []


class TestDoubts:
    """What clients will refuse is served, with a warning."""

    def test_an_expired_certificate(self, serve_https: Serve, authority: Authority) -> None:
        server = serve_https(environment=authority.issue("expired", days=-1).settings)
        assert "will reject this server's certificate (certificate has expired). Renew" in log_of(server)
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            server.get("/")

    def test_a_certificate_for_another_host_until_the_public_address_is_set(
        self, serve_https: Serve, authority: Authority
    ) -> None:
        settings = authority.issue("elsewhere", hosts=["DNS:nuget.example.com"]).settings
        doubted = serve_https(environment=settings)
        assert "Clients that connect to 127.0.0.1 will reject" in log_of(doubted)
        public = settings | {"MOTHERLODE_SERVER_PUBLIC_URL": "https://nuget.example.com"}
        assert "warning" not in log_of(serve_https(environment=public))
        proxied = settings | {"MOTHERLODE_SERVER_TRUSTED_PROXIES": "127.0.0.1"}
        assert "warning" not in log_of(serve_https(environment=proxied))

    def test_a_chain_is_sent_whole(
        self, serve_https: Serve, authority: Authority, first: Issued, tmp_path: Path
    ) -> None:
        chain = tmp_path / "chain.pem"
        chain.write_bytes(first.certificate.read_bytes() + authority.certificate.read_bytes())
        server = serve_https(environment=Issued(chain, first.key).settings)
        shown = subprocess.run(
            [require_program("openssl"), "s_client", "-showcerts", "-connect", f"127.0.0.1:{server.port}"],
            input="",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        ).stdout
        assert shown.count("BEGIN CERTIFICATE") == 2


def say(server: HttpsServer, sent: bytes) -> bytes:
    """Say this without TLS; returns the first answer, nothing where the connection is simply cut. Fails if it hangs."""
    with server.connect() as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(1000)
        except TimeoutError:
            raise
        except OSError:
            return b""
