"""Request bodies as the server hands them on: whole, cut short, stalled, endless."""

import io
import threading
import time

import anyio
import pytest

from motherlode.domain.refusals import (
    EncodedBody,
    FormTooLarge,
    FragmentedBody,
    IncompleteBody,
    InvalidForm,
    PackageTooLarge,
    SlowBody,
)
from motherlode.web.bodies.request_body import DRAIN_BYTES, FORM_BYTES, MAX_SMALL_CHUNKS, SMALL_CHUNK_BYTES, Body

MIB = 1024 * 1024
FORM = {"content-type": "multipart/form-data; boundary=b"}
END = {"type": "http.request", "body": b"", "more_body": False}
GONE = {"type": "http.disconnect"}
LOST = [(GONE, {}), (None, {"stall_timeout_s": 0.01})]


class Client:
    """What a server receives from one client: these chunks and then the end, or `then`: GONE, or None for silence."""

    def __init__(self, chunks, then=END):
        self._chunks = iter(chunks)
        self._then = then
        self.sent_bytes = 0
        self.times_asked = 0

    async def receive(self):
        self.times_asked += 1
        chunk = next(self._chunks, None)
        if chunk is not None:
            self.sent_bytes += len(chunk)
            return {"type": "http.request", "body": chunk, "more_body": True}
        if self._then is None:
            await anyio.sleep_forever()
        return self._then


class ClosedSink:
    """A sink that takes nothing, as a full disk does."""

    def write(self, chunk):
        raise OSError(28, "No space left on device")


class NotingSink(io.BytesIO):
    """A sink that remembers how much came at once, and in which threads."""

    def __init__(self):
        super().__init__()
        self.lengths = []
        self.threads = set()

    def write(self, chunk):
        self.lengths.append(len(chunk))
        self.threads.add(threading.get_ident())
        return super().write(chunk)


def body_of(client, headers=None, max_bytes=MIB, **limits):
    """The body of a request with these headers."""
    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Body({"type": "http", "headers": pairs}, client.receive, max_bytes=max_bytes, **limits)


def read(body, sink=None):
    """What the body holds as a package."""
    sink = sink or io.BytesIO()
    anyio.run(body.package_into, sink)
    return sink.getvalue()


def drain(body):
    """Whether the body was read to its end."""
    return anyio.run(body.drain)


def form_around(package):
    """A form of one part."""
    return b"--b\r\n\r\n" + package + b"\r\n--b--\r\n"


class TestPackageInABody:
    def test_a_form_gives_its_first_part(self):
        assert read(body_of(Client([form_around(b"zip")]), FORM)) == b"zip"

    def test_no_multipart_is_the_package_itself(self):
        assert read(body_of(Client([b"z", b"ip"]), {"content-type": "application/zip"})) == b"zip"

    def test_no_content_type_is_the_package_itself(self):
        assert read(body_of(Client([form_around(b"zip")]))) == form_around(b"zip")

    def test_a_last_chunk_without_a_word_of_more_ends_the_body(self):
        assert read(body_of(Client([], then={"type": "http.request", "body": b"zip"}))) == b"zip"

    def test_an_empty_body_is_an_empty_package(self):
        assert read(body_of(Client([]), {"content-length": "0"})) == b""

    @pytest.mark.parametrize("coding", ["", "identity", "Identity", "identity, identity"])
    def test_the_identity_coding_is_none(self, coding):
        assert read(body_of(Client([b"zip"]), {"content-encoding": coding})) == b"zip"

    @pytest.mark.parametrize("headers", [{}, FORM], ids=["raw", "form"])
    def test_the_sink_gets_pieces_of_about_a_mib_in_other_threads(self, headers):
        package = bytes(10 * MIB)
        content = form_around(package) if headers else package
        chunks = [content[at : at + 50_000] for at in range(0, len(content), 50_000)]
        sink = NotingSink()
        assert read(body_of(Client(chunks), headers, max_bytes=10 * MIB), sink) == package
        assert len(sink.lengths) <= 11
        assert max(sink.lengths) < 2 * MIB
        assert threading.get_ident() not in sink.threads


class TestShortBody:
    @pytest.mark.parametrize("headers", [{}, FORM], ids=["raw", "form"])
    def test_its_package_can_be_taken_by_whoever_is_in_a_thread_already(self, headers):
        body = body_of(Client([form_around(b"zip") if headers else b"zip"]), headers)
        sink = NotingSink()
        assert anyio.run(body.is_short)
        body.short_package_into(sink)
        assert (sink.getvalue(), sink.threads) == (b"zip", {threading.get_ident()})

    def test_one_of_many_mib_is_none_and_is_read_no_further_until_it_is_written(self):
        client = Client([bytes(64 * 1024)] * 160)
        body = body_of(client, max_bytes=10 * MIB)
        assert not anyio.run(body.is_short)
        assert client.sent_bytes == MIB
        assert read(body) == bytes(10 * MIB)

    def test_what_is_wrong_inside_is_found_when_it_is_taken(self):
        for headers, refusal in ((FORM, InvalidForm), ({"content-length": "4"}, IncompleteBody)):
            body = body_of(Client([b"zip"]), headers)
            assert anyio.run(body.is_short)
            with pytest.raises(refusal):
                body.short_package_into(io.BytesIO())

    def test_a_refused_one_is_not_read_again(self):
        client = Client([], then={"type": "http.request", "body": b"zip"})
        body = body_of(client, FORM)
        assert anyio.run(body.is_short)
        with pytest.raises(InvalidForm):
            body.short_package_into(io.BytesIO())
        assert drain(body)
        assert client.times_asked == 1


class TestSizeLimit:
    @pytest.mark.parametrize(
        "headers", [{}, FORM, {"content-length": str(MIB)}], ids=["raw", "form", "raw with length"]
    )
    def test_a_package_of_just_the_limit_is_taken(self, headers):
        content = form_around(bytes(MIB)) if headers is FORM else bytes(MIB)
        assert read(body_of(Client([content]), headers)) == bytes(MIB)

    @pytest.mark.parametrize("headers", [{}, FORM], ids=["raw", "form"])
    def test_one_byte_over_is_refused_by_count(self, headers):
        content = form_around(bytes(MIB + 1)) if headers else bytes(MIB + 1)
        with pytest.raises(PackageTooLarge):
            read(body_of(Client([content]), headers))

    @pytest.mark.parametrize(("headers", "length"), [({}, MIB + 1), (FORM, MIB + FORM_BYTES + 1)], ids=["raw", "form"])
    def test_an_announced_length_over_the_limit_is_refused_before_a_byte_is_read(self, headers, length):
        client = Client([bytes(10)])
        with pytest.raises(PackageTooLarge):
            read(body_of(client, {**headers, "content-length": str(length)}))
        assert client.sent_bytes == 0

    @pytest.mark.parametrize("start", [b"", form_around(b"zip")], ids=["preamble", "epilogue"])
    def test_what_surrounds_the_package_counts_too(self, start):
        client = Client([start, *[bytes(MIB)] * 100])
        with pytest.raises(PackageTooLarge):
            read(body_of(client, FORM))
        assert client.sent_bytes < 4 * MIB


class TestBodyInTinyChunks:
    @pytest.mark.parametrize("chunk", [b"", b"x", bytes(SMALL_CHUNK_BYTES - 1)], ids=["empty", "one", "small"])
    def test_only_so_many_are_read(self, chunk):
        client = Client([chunk] * 1_000_000)
        with pytest.raises(FragmentedBody):
            read(body_of(client, max_bytes=100 * MIB))
        assert client.times_asked <= 64 * MAX_SMALL_CHUNKS + 1

    def test_a_refused_one_is_followed_no_further_either(self):
        client = Client([b"x"] * 1_000_000)
        assert anyio.run(body_of(client).drain) is False
        assert client.times_asked <= 2 * MAX_SMALL_CHUNKS

    def test_a_short_body_may_come_in_any_chunks(self):
        assert read(body_of(Client([b"x"] * MAX_SMALL_CHUNKS))) == b"x" * MAX_SMALL_CHUNKS

    def test_chunks_of_some_size_are_never_too_many(self):
        chunks = [bytes(SMALL_CHUNK_BYTES)] * (MIB // SMALL_CHUNK_BYTES)
        assert read(body_of(Client(chunks))) == bytes(MIB)


class TestBodyThatIsRefused:
    @pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip", "GZIP"])
    def test_a_content_coding(self, coding):
        with pytest.raises(EncodedBody):
            read(body_of(Client([b"zip"]), {"content-encoding": coding}))

    def test_a_form_without_its_end(self):
        with pytest.raises(InvalidForm):
            read(body_of(Client([b"--b\r\n\r\nzip"]), FORM))

    def test_a_form_without_a_boundary(self):
        with pytest.raises(InvalidForm):
            read(body_of(Client([b"zip"]), {"content-type": "multipart/form-data"}))

    @pytest.mark.parametrize("headers", [{}, FORM], ids=["raw", "form"])
    def test_a_client_that_goes(self, headers):
        with pytest.raises(IncompleteBody):
            read(body_of(Client([form_around(b"zip")], then=GONE), headers))

    def test_fewer_bytes_than_announced(self):
        with pytest.raises(IncompleteBody):
            read(body_of(Client([b"zip"]), {"content-length": "4"}))

    def test_a_client_that_stops_sending(self):
        with pytest.raises(SlowBody):
            read(body_of(Client([b"zip"], then=None), stall_timeout_s=0.01))

    def test_a_sink_that_fails_is_heard(self):
        with pytest.raises(OSError, match="No space"):
            read(body_of(Client([b"zip"])), ClosedSink())


class TestDrain:
    def test_reads_to_the_end(self):
        client = Client([bytes(100)] * 5)
        assert drain(body_of(client))
        assert client.sent_bytes == 500

    def test_reads_what_a_refusal_left(self):
        client = Client([bytes(MIB)] * 20)

        async def refuse_and_drain():
            body = body_of(client)
            with pytest.raises(PackageTooLarge):
                await body.package_into(io.BytesIO())
            return await body.drain()

        assert anyio.run(refuse_and_drain)
        assert client.sent_bytes == 20 * MIB

    @pytest.mark.parametrize("headers", [{}, {"content-length": "3"}])
    def test_of_a_body_that_was_read_waits_for_nothing(self, headers):
        client = Client([], then={"type": "http.request", "body": b"zip", "more_body": False})

        async def read_and_drain():
            body = body_of(client, headers)
            await body.package_into(io.BytesIO())
            return await body.drain()

        assert anyio.run(read_and_drain)
        assert client.times_asked == 1

    def test_follows_a_legal_body_and_64_mib_more_then_gives_up(self):
        chunk = bytes(MIB)
        client = Client(chunk for _ in range(10_000))
        assert not drain(body_of(client, max_bytes=10 * MIB))
        assert 10 * MIB + FORM_BYTES + DRAIN_BYTES <= client.sent_bytes < 10 * MIB + FORM_BYTES + DRAIN_BYTES + 2 * MIB

    def test_gives_up_beyond_a_legal_body_when_its_time_is_over(self):
        client = Client([bytes(MIB + FORM_BYTES)], then=None)
        assert not drain(body_of(client, drain_timeout_s=0.01))

    @pytest.mark.parametrize(("then", "limits"), LOST, ids=["goes", "stalls"])
    def test_gives_up_on_a_client_that(self, then, limits):
        assert not drain(body_of(Client([b"zip"], then=then), **limits))

    @pytest.mark.parametrize(("then", "limits"), LOST, ids=["went", "stalled"])
    def test_waits_no_second_time_for_a_client_that(self, then, limits):
        client = Client([b"zip"], then=then)

        async def read_and_drain():
            body = body_of(client, **limits)
            with pytest.raises((IncompleteBody, SlowBody)):
                await body.package_into(io.BytesIO())
            return await body.drain()

        assert not anyio.run(read_and_drain)
        assert client.times_asked == 2


class Trickle:
    """A client that sends a byte each time it is asked, after `pause_s`, for ever."""

    def __init__(self, pause_s):
        self._pause_s = pause_s

    async def receive(self):
        await anyio.sleep(self._pause_s)
        return {"type": "http.request", "body": b"z", "more_body": True}


class Steady(Trickle):
    """One that ends after so many bytes."""

    def __init__(self, count, pause_s):
        super().__init__(pause_s)
        self._left = count

    async def receive(self):
        self._left -= 1
        return await super().receive() | {"more_body": self._left > 0}


class TestPace:
    def test_a_body_that_trickles_is_too_slow(self):
        body = body_of(Trickle(0.001), stall_timeout_s=0.1)
        with pytest.raises(SlowBody):
            read(body)
        assert not drain(body)

    def test_one_that_keeps_up_the_least_rate_is_not(self):
        assert len(read(body_of(Steady(500, pause_s=0.001), stall_timeout_s=0.1, min_rate=100))) == 500

    def test_of_a_refused_body_more_is_asked(self):
        """1,024 bytes a second are enough for a push, and not to be listened to after a refusal."""
        assert not drain(body_of(Trickle(0.0005), stall_timeout_s=0.1, min_rate=1))

    def test_the_time_that_the_server_takes_is_not_the_clients(self):
        class SlowSink(io.BytesIO):
            def write(self, piece):
                time.sleep(0.3)
                return super().write(piece)

        client = Client([bytes(MIB)] * 3)
        assert len(read(body_of(client, max_bytes=4 * MIB, stall_timeout_s=0.2, min_rate=100 * MIB), SlowSink())) > 0


class TestForm:
    def test_all_of_it_is_handed_out(self):
        assert anyio.run(body_of(Client([b"a=", b"b"])).read_form, 3) == b"a=b"

    def test_no_more_is_read_than_a_form_can_have(self):
        client = Client([b"x" * 1000] * 1000)
        with pytest.raises(FormTooLarge):
            anyio.run(body_of(client).read_form, 2000)
        assert client.sent_bytes == 3000

    def test_one_that_is_cut_off_is_refused(self):
        with pytest.raises(IncompleteBody):
            anyio.run(body_of(Client([b"a"]), {"content-length": "2"}).read_form, 10)
