"""The certificate and key for https: read, tested as a client would, and reloaded when they change.

Workers start from a tested private copy that contains both. So a worker that starts after a change or a crash always
gets a certificate and a key that belong together, whatever happens to the files meanwhile.
"""

import re
import secrets
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from motherlode.cli.output import CommandFailed
from motherlode.observe.certificates import shake_hands
from motherlode.observe.logs import get_logger
from motherlode.os_files import write_private

POLL_INTERVAL_S: Final = 0.5
"""Seconds between two reads of the files. A change is used once two reads return the same."""
KEY_KINDS: Final = "RSA with 2048 to 4096 bits, ECDSA P-256 or P-384, or Ed25519"
_COPIES: Final = "tls-{}.pem"
_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_KEY: Final = re.compile(rb"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----.*?-----END \1?PRIVATE KEY-----", re.DOTALL)
_MISMATCHES: Final = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})

Contents = tuple[bytes | str, bytes | str]
"""The bytes of certificate file and key file; for a file that cannot be read, the reason as text."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The configured PEM files: the server's certificate followed by those that signed it, and its key."""

    certificate: Path
    key: Path

    def read(self) -> Contents:
        """Read both files. Links are resolved each time, because renewed secrets are often swapped links."""
        return _read(self.certificate), _read(self.key)

    def keep_copy(self, contents: Contents, folder: Path) -> Path:
        """Write the contents to a private file in the folder, test it, and return its path.

        Raises CommandFailed if the contents cannot be used; the file is removed then.
        """
        copy = folder / _COPIES.format(secrets.token_hex(8))
        write_private(copy, self._join(*contents))
        try:
            self._test(copy, copy, None)
        except CommandFailed:
            copy.unlink()
            raise
        return copy

    def find_objection(self, host: str | None) -> str | None:
        """Return why a client would reject the certificate, or None if it would accept it.

        The client connects to `host` (None: any name) and trusts the certificate's issuer. Raises CommandFailed if no
        connection is possible at all.
        """
        self._join(*self.read())
        return self._test(self.certificate, self.key, host)

    def _join(self, certificate: bytes | str, key: bytes | str) -> bytes:
        chain = self._find_chain(_content_of(self.certificate, certificate))
        return b"\n".join([*chain, self._find_key(_content_of(self.key, key)), b""])

    def _find_chain(self, content: bytes) -> list[bytes]:
        chain = _CERTIFICATE.findall(content)
        if not chain:
            raise CommandFailed(
                f"{self.certificate} does not contain a PEM certificate. Convert it, for example with "
                f"openssl x509 -inform der -in {self.certificate} -out server.pem"
            )
        return chain

    def _find_key(self, content: bytes) -> bytes:
        found = _KEY.search(content)
        if found is None:
            raise CommandFailed(f"{self.key} does not contain a PEM private key. Give the file that contains the key.")
        if b"ENCRYPTED" in found.group():
            raise CommandFailed(
                f"The key {self.key} is encrypted, and the server cannot ask for its password. Decrypt it with "
                f"openssl pkey -in {self.key} -out server.key, and let only the server's user read the result."
            )
        return found.group()

    def _test(self, certificate: Path, key: Path, host: str | None) -> str | None:
        """Run a handshake with a client that trusts the certificate itself. Returns the client's objection or None."""
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = host is not None
        client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            server.load_cert_chain(certificate, key, password="")  # without it OpenSSL asks on the terminal
            client.load_verify_locations(certificate)
            shake_hands(server, client, host)
        except ssl.SSLCertVerificationError as refused:
            return refused.verify_message
        except ssl.SSLError as error:
            raise CommandFailed(self._explain(error)) from error
        return None

    def _explain(self, error: ssl.SSLError) -> str:
        if error.reason in _MISMATCHES:
            return (
                f"The key {self.key} does not belong to the first certificate in {self.certificate}. Use the key that "
                "was made with it, and put the server's own certificate first, then those that signed it."
            )
        return (
            f"The certificate {self.certificate} and the key {self.key} cannot be used ({error.reason or error}). "
            f"Make sure that both files are complete and that the key is {KEY_KINDS}."
        )


class ServedCertificate:
    """The certificate and key that workers start from; `copy` is the file with both at the start of the server."""

    def __init__(self, files: TlsFiles, folder: Path) -> None:
        """Copy the contents of the files into the folder. Raises CommandFailed."""
        self._files = files
        self._folder = folder
        self.remove_copies()
        self._tested = files.read()
        self.copy = files.keep_copy(self._tested, folder)

    def remove_copies(self) -> None:
        """Remove every copy, including those that a killed server left."""
        for copy in self._folder.glob(_COPIES.format("*")):
            copy.unlink(missing_ok=True)

    def follow(self, use: Callable[[Path], None], stop: threading.Event) -> None:
        """Until `stop`, call `use` with a copy of each new usable pair. Logs the reason if a pair cannot be used."""
        before = self._tested
        while not stop.wait(POLL_INTERVAL_S):
            contents = self._files.read()
            if contents == before and contents != self._tested:
                self._tested = contents
                self._use_if_good(contents, use)
            before = contents

    def _use_if_good(self, contents: Contents, use: Callable[[Path], None]) -> None:
        try:
            copy = self._files.keep_copy(contents, self._folder)
            objection = self._files.find_objection(None)
        except (CommandFailed, OSError) as reason:
            get_logger().warning("certificate_refused", reason=f"{reason} The previous certificate stays in use.")
            return
        if objection is not None:
            get_logger().warning(
                "certificate_doubtful", reason=f"Clients will reject {self._files.certificate}: {objection}."
            )
        use(copy)


def _read(path: Path) -> bytes | str:
    try:
        return path.read_bytes()
    except OSError as error:
        return error.strerror or str(error)


def _content_of(path: Path, content: bytes | str) -> bytes:
    if isinstance(content, bytes):
        return content
    raise CommandFailed(
        f"{path} cannot be read ({content}). server.tls_certificate and server.tls_key must be PEM files that this "
        "user can read."
    )
