"""The form around a pushed package, as every client writes it, and as none should."""

import io
import zipfile

import pytest

from motherlode.domain.refusals import InvalidForm
from motherlode.web.bodies.multipart import FirstPart, parse_boundary

BOUNDARY = b"eb5a5e6e-b377-4835-9002-59b137799650"
OPENING = b"--" + BOUNDARY + b"\r\n"
CLOSING = b"\r\n--" + BOUNDARY + b"--\r\n"
BARE_LF_CLOSING = b"\n--" + BOUNDARY + b"--"
DOTNET_HEADERS = (
    b"Content-Type: application/octet-stream\r\n"
    b"Content-Disposition: form-data; name=package; filename=package.nupkg; filename*=utf-8''package.nupkg\r\n"
)


def zip_of(content: bytes, comment: bytes = b"") -> bytes:
    """A small archive that ends with `comment`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("lib.dll", content)
        archive.comment = comment
    return file.getvalue()


def read(body: bytes, boundary: bytes = BOUNDARY, piece_bytes: int = 7) -> bytes:
    """The package in a body that comes in small pieces."""
    part = FirstPart(boundary)
    package = b"".join(part.feed(body[at : at + piece_bytes]) for at in range(0, len(body), piece_bytes))
    part.finish()
    return package


class TestBoundaryOfAContentType:
    def test_quoted_as_dotnet_writes_it(self):
        assert parse_boundary(b'multipart/form-data; boundary="0f8c6a1e-7b"') == b"0f8c6a1e-7b"

    def test_unquoted_and_beginning_with_dashes_as_nuget_2_writes_it(self):
        content_type = b"multipart/form-data; boundary=---------------------------8df4"
        assert parse_boundary(content_type) == b"---------------------------8df4"

    def test_takes_text_too(self):
        assert parse_boundary("multipart/form-data; boundary=b") == b"b"

    @pytest.mark.parametrize("content_type", ["", "application/octet-stream", "application/zip; boundary=b", "text"])
    def test_what_is_no_multipart_has_none(self, content_type):
        assert parse_boundary(content_type) is None

    @pytest.mark.parametrize("kind", ["multipart/mixed", "Multipart/Form-Data", " multipart/related "])
    def test_every_multipart_type_counts(self, kind):
        assert parse_boundary(f"{kind}; boundary=b") == b"b"

    def test_name_in_any_casing_blanks_around_and_other_parameters(self):
        assert parse_boundary('multipart/form-data ;charset=utf-8 ; BOUNDARY = b ; x="y"') == b"b"

    def test_a_boundary_inside_of_another_value_is_none(self):
        assert parse_boundary('multipart/form-data; x="; boundary=no"; boundary=yes') == b"yes"

    def test_escapes_in_quotes_are_undone(self):
        assert parse_boundary(r'multipart/form-data; boundary="a\"b;c"') == b'a"b;c'

    def test_two_hundred_bytes_are_taken(self):
        assert parse_boundary(f"multipart/form-data; boundary={'b' * 200}") == b"b" * 200

    @pytest.mark.parametrize(
        "parameters",
        ["", ";", "; boundary", "; boundary=", '; boundary=""', f"; boundary={'b' * 201}", "; boundary=a\nb"],
    )
    def test_one_that_cannot_be_used_is_refused(self, parameters):
        with pytest.raises(InvalidForm):
            parse_boundary("multipart/form-data" + parameters)

    def test_one_that_is_not_ascii_is_refused(self):
        with pytest.raises(InvalidForm):
            parse_boundary(b"multipart/form-data; boundary=\xe9")


class TestPackageInAForm:
    def test_as_dotnet_and_nuget_5_send_it(self):
        package = zip_of(b"x")
        assert read(OPENING + DOTNET_HEADERS + b"\r\n" + package + CLOSING) == package

    @pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
    def test_quirk_closing_delimiter_behind_a_bare_lf(self, end):
        """nuget 2.8.7 ends with the delimiter, Paket adds an LF."""
        package = zip_of(b"x")
        assert read(OPENING + DOTNET_HEADERS + b"\r\n" + package + BARE_LF_CLOSING + end) == package

    @pytest.mark.parametrize("comment", [b"\r", b"made here\r", b"\r\r", b"\n\r", b"PK\x05\x06\r"])
    @pytest.mark.parametrize("closing", [CLOSING, BARE_LF_CLOSING])
    def test_a_cr_that_ends_the_package_stays_with_it(self, comment, closing):
        package = zip_of(b"x", comment)
        assert read(OPENING + b"\r\n" + package + closing) == package

    @pytest.mark.parametrize("comment", [b"\n", b"\r\n", b"c" * 0xFFFF, b"c" * 0xFFFE + b"\r"])
    @pytest.mark.parametrize("closing", [CLOSING, BARE_LF_CLOSING])
    def test_a_comment_of_any_length_and_end_stays_whole(self, comment, closing):
        package = zip_of(b"x" * 300_000, comment)
        body = OPENING + b"\r\n" + package + closing
        assert read(body, piece_bytes=len(body) - 5) == package

    def test_a_zip_that_is_complete_without_the_cr_does_not_get_it(self):
        package = zip_of(b"x", comment=b"PK\x05\x06" + bytes(16) + b"\x01\0")
        assert read(OPENING + b"\r\n" + package + CLOSING) == package

    def test_a_cr_that_no_zip_claims_is_half_of_the_line_break(self):
        assert read(OPENING + b"\r\nno zip" + CLOSING) == b"no zip"

    @pytest.mark.parametrize("headers", [b"", b"A: b\r\n", b"A: b\n", b"A: b\r\nC: d\n", DOTNET_HEADERS])
    @pytest.mark.parametrize("blank_line", [b"\r\n", b"\n"])
    def test_part_headers_any_or_none_with_either_line_break(self, headers, blank_line):
        assert read(OPENING + headers + blank_line + b"zip" + CLOSING) == b"zip"

    @pytest.mark.parametrize(
        "preamble", [b"\r\n", b"\n", b"This is a form.\r\n", b"--other\r\n", b"--" + BOUNDARY + b"x\r\n"]
    )
    def test_a_preamble_is_skipped(self, preamble):
        assert read(preamble + OPENING + b"\r\nzip" + CLOSING) == b"zip"

    def test_an_epilogue_is_skipped(self):
        assert read(OPENING + b"\r\nzip" + CLOSING + b"more\r\n" + OPENING + b"\r\nother" + CLOSING) == b"zip"

    def test_later_parts_are_ignored(self):
        later = b"\r\n" + OPENING + b"Content-Disposition: form-data; name=package\r\n\r\nother"
        assert read(OPENING + b"\r\nzip" + later + later + CLOSING) == b"zip"

    def test_the_first_part_is_the_package_even_if_it_is_no_file(self):
        headers = b'Content-Disposition: form-data; name="comment"\r\n\r\n'
        assert read(OPENING + headers + b"hello" + CLOSING) == b"hello"

    @pytest.mark.parametrize("padding", [b" ", b"\t \t", b" " * 64])
    def test_blanks_behind_a_boundary_are_no_part_of_it(self, padding):
        later = b"\r\n--" + BOUNDARY + padding + b"\r\n\r\nother"
        assert read(b"--" + BOUNDARY + padding + b"\r\n\r\nzip" + later + CLOSING) == b"zip"

    @pytest.mark.parametrize(
        "look_alike",
        [
            b"\r\n--",
            b"\n--" + BOUNDARY,
            b"\r\n--" + BOUNDARY + b"x\r\n",
            b"\n--" + BOUNDARY + b"-\n",
            b"\n--" + BOUNDARY + b" x\n",
            b"\n--" + BOUNDARY + b" " * 65 + b"\n",
            b"--" + BOUNDARY + b"--\r\n",
            b"\r--" + BOUNDARY + b"--\r\n",
            b"\n--" + BOUNDARY[:-1] + b"--\n",
        ],
    )
    def test_what_only_looks_like_a_delimiter_is_data(self, look_alike):
        package = b"PK" + look_alike + b"more"
        assert read(OPENING + b"\r\n" + package + CLOSING) == package

    def test_the_package_is_handed_out_while_it_comes(self):
        part = FirstPart(BOUNDARY)
        part.feed(OPENING + b"\r\n")
        handed_out = sum(len(part.feed(bytes(50_000))) for _ in range(100))
        assert handed_out >= 5_000_000 - 256 * 1024

    def test_an_empty_part_is_an_empty_package(self):
        assert read(OPENING + b"\r\n" + CLOSING) == b""

    def test_a_boundary_of_pattern_signs_is_taken_literally(self):
        assert read(b"--a.*(\r\n\r\nzip\n--aXX(--\r\n--a.*(--", boundary=b"a.*(") == b"zip\n--aXX(--"


class TestFormThatIsRefused:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\r\n",
            b"PK\x03\x04 no form at all",
            b"--" + BOUNDARY,
            OPENING,
            OPENING + DOTNET_HEADERS,
            OPENING + b"\r\nzip",
            OPENING + b"\r\nzip\r\n--" + BOUNDARY,
            OPENING + b"\r\nzip\r\n--" + BOUNDARY + b"-",
            OPENING + b"\r\nzip\r\n" + OPENING + b"\r\nother",
            b"--" + BOUNDARY + b"--",
            b"preamble" + CLOSING + OPENING + b"\r\nzip" + CLOSING,
            OPENING + b"A: b" + CLOSING,
            OPENING + OPENING + b"\r\nzip" + CLOSING,
            OPENING + b"A: " + b"b" * 16_400 + b"\r\n\r\nzip" + CLOSING,
        ],
        ids=[
            "empty",
            "blank",
            "no delimiter",
            "half a delimiter",
            "ends behind the delimiter",
            "ends in the headers",
            "ends in the package",
            "closing delimiter without its dashes",
            "closing delimiter with one dash",
            "ends in a later part",
            "no parts",
            "parts behind the end only",
            "no blank line",
            "a delimiter where headers are",
            "headers over 16 KiB",
        ],
    )
    def test_is_invalid(self, body):
        with pytest.raises(InvalidForm):
            read(body)

    def test_headers_of_16_kib_are_taken(self):
        headers = b"A: ".ljust(16 * 1024 - len(b"\n\r\n\r\n"), b"b") + b"\r\n\r\n"
        assert read(OPENING + headers + b"zip" + CLOSING) == b"zip"
