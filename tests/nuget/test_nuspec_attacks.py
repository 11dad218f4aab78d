"""The nuspec reader against XML that means harm."""

import socket

import pytest

from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.package import Package


def read(document: bytes) -> Package:
    """The package of a document without faults."""
    found = parse_nuspec(document)
    assert found.faults == ()
    assert found.package is not None
    return found.package


def codes(document: bytes) -> list[str]:
    return [fault.code for fault in parse_nuspec(document).faults]


def minimal(before: str = "", inside: str = "") -> bytes:
    return f"{before}<package><metadata><id>A</id><version>1.0</version>{inside}</metadata></package>".encode()


class TestAttacks:
    """No document opens a file or a connection, or grows."""

    def test_an_external_entity_of_a_file_is_not_read(self, tmp_path):
        secret = tmp_path / "secret.txt"
        secret.write_text("hidden words")
        document = minimal(f'<!DOCTYPE package [<!ENTITY s SYSTEM "{secret.as_uri()}">]>', "<title>&s;</title>")
        assert codes(document) == ["nuspec-doctype"]
        assert "hidden" not in str(parse_nuspec(document))

    @pytest.mark.parametrize(
        "doctype",
        [
            '<!DOCTYPE package [<!ENTITY s SYSTEM "{address}">]>',
            '<!DOCTYPE package [<!ENTITY % s SYSTEM "{address}"> %s;]>',
            '<!DOCTYPE package SYSTEM "{address}">',
            '<!DOCTYPE package PUBLIC "x" "{address}">',
        ],
    )
    def test_nothing_external_is_fetched(self, doctype):
        with _Listener() as listener:
            address = f"http://127.0.0.1:{listener.port}/x.dtd"
            assert codes(minimal(doctype.format(address=address))) == ["nuspec-doctype"]
        assert listener.connection_count == 0

    def test_billion_laughs(self):
        entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
        document = minimal(f'<!DOCTYPE package [<!ENTITY e0 "ha">{entities}]>', "<title>&e11;</title>")
        assert codes(document) == ["nuspec-doctype"]

    def test_quadratic_growth(self):
        doctype = f'<!DOCTYPE package [<!ENTITY a "{"x" * 50_000}">]>'
        assert codes(minimal(doctype, f"<title>{'&a;' * 50_000}</title>")) == ["nuspec-doctype"]

    def test_a_document_type_alone(self):
        assert codes(minimal("<!DOCTYPE package>")) == ["nuspec-doctype"]

    def test_a_document_type_in_utf16(self):
        assert codes(minimal("<!DOCTYPE package>").decode().encode("utf-16")) == ["nuspec-doctype"]

    def test_xinclude_is_an_element_like_others(self, tmp_path):
        secret = tmp_path / "secret.txt"
        secret.write_text("hidden words")
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
        assert read(minimal(inside=f"<title>a{include}b</title>")).title == "ab"

    def test_processing_instructions_are_passed_over(self):
        with _Listener() as listener:
            style = f'<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:{listener.port}/x.xsl"?>'
            assert read(minimal(style, f"<title>a{style}b</title>")).title == "ab"
        assert listener.connection_count == 0


class _Listener:
    """A port that counts who connects."""

    def __enter__(self) -> "_Listener":
        self.connection_count = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.settimeout(0)
        while self._accept():
            self.connection_count += 1
        self._socket.close()

    def _accept(self) -> bool:
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True
