"""Reads when the server's TLS certificate expires."""

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_NO_CHECK_TIME: Final = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name. It allows reading an expired certificate."""


def find_end(certificate: Path, key: Path) -> datetime | None:
    """When the first certificate in the file expires, or None if the certificate and the key cannot be used together.

    The date comes from a TLS handshake in memory, because Python has no other way to read a certificate.
    """
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    try:
        server.load_cert_chain(certificate, key, password="")
        client.load_verify_locations(certificate)
        shown = shake_hands(server, client, None).getpeercert()
    except (OSError, ValueError):
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC) if shown else None


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, host: str | None) -> ssl.SSLObject:
    """Do a TLS handshake in memory; returns the client's side. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asked = client.wrap_bio(to_client, to_server, server_hostname=host)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (asked, answering, asked, answering):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return asked
