"""The reader of forms under bodies no one thought of."""

from hypothesis import assume, example, given
from hypothesis import strategies as st

from motherlode.domain.refusals import InvalidForm
from motherlode.web.bodies.multipart import FirstPart

BOUNDARY = b"b-b"
NEARLY = [b"\r", b"\n", b"\r\n", b"-", b"--", b"b-", b"\n--b", b" ", b"PK\x05", b"\0", b"\x01\0"]
WORDS = [*NEARLY, b"b-b", b"\n--b-b", b"\r\n--b-b--", b"PK\x05\x06"]

salad = st.lists(st.sampled_from(WORDS) | st.binary(max_size=4), max_size=40).map(b"".join)
near_salad = st.lists(st.sampled_from(NEARLY) | st.binary(max_size=4), max_size=40).map(b"".join)
cuts = st.lists(st.integers(min_value=1, max_value=60), max_size=60)
line_breaks = st.sampled_from([b"\r\n", b"\n"])


def read(body: bytes, lengths: list[int]) -> bytes | None:
    """The package in a body that comes in pieces of these lengths and then a last one; None when it is refused."""
    part = FirstPart(BOUNDARY)
    package = b""
    try:
        for length in lengths:
            package += part.feed(body[:length])
            body = body[length:]
        package += part.feed(body)
        part.finish()
    except InvalidForm:
        return None
    return package


def zip_end(comment: bytes) -> bytes:
    """The end record of an archive, with its comment."""
    return b"PK\x05\x06".ljust(20, b"\0") + len(comment).to_bytes(2, "little") + comment


class TestAnyCutOfTheBodyGivesTheSamePackage:
    """'What is handed out is the first part, no byte more or less, however the body is cut into pieces.'"""

    @given(salad, cuts)
    def test_whatever_the_body_is(self, body, lengths):
        assert read(body, lengths) == read(body, [])

    @given(salad, salad, cuts)
    def test_when_it_begins_like_a_form(self, start, rest, lengths):
        body = b"--b-b\r\n" + start.replace(BOUNDARY, b"") + b"\r\n\r\n" + rest + b"\r\n--b-b--"
        assert read(body, lengths) == read(body, [])

    @given(salad)
    def test_when_every_byte_comes_alone(self, rest):
        body = b"--b-b\n\n" + rest + b"\r\n--b-b--"
        assert read(body, [1] * len(body)) == read(body, [])


class TestThePackageComesOutAsItWentIn:
    """'Real clients end a part with a bare LF while its headers have CRLF': the stored bytes are the package's."""

    @given(near_salad, near_salad, line_breaks, line_breaks, line_breaks, cuts)
    @example(b"", b"\r", b"\r\n", b"\r\n", b"\n", [])
    @example(b"", b"\r", b"\r\n", b"\r\n", b"\r\n", [])
    def test_every_zip_behind_every_line_break(self, start, comment, first, blank, last, lengths):
        assume(b"PK\x05\x06" not in start + comment)
        package = start + zip_end(comment)
        assume(BOUNDARY not in package)
        body = b"--b-b" + first + b"A: b" + first + blank + package + last + b"--b-b--"
        assert read(body, lengths) == package

    @given(near_salad, cuts)
    def test_every_other_content_behind_crlf(self, content, lengths):
        assume(BOUNDARY not in content)
        assume(b"PK\x05\x06" not in content)
        assert read(b"--b-b\r\n\r\n" + content + b"\r\n--b-b--\r\n", lengths) == content


class TestABodyCutShortIsNeverAPackage:
    """'No closing boundary, a body cut short, a client gone: 400 or nothing, and nothing stored.'"""

    @given(near_salad, st.floats(min_value=0, max_value=1, exclude_max=True))
    def test_wherever_it_is_cut(self, content, share):
        assume(BOUNDARY not in content)
        whole = b"--b-b\r\n\r\n" + content + b"\r\n--b-b--"
        assert read(whole[: int(share * len(whole))], []) is None
