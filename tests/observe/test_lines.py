"""Lines of the log on their way out: whole, in order, in small batches."""

import io

from hypothesis import given
from hypothesis import strategies as st

from motherlode.observe.lines import Lines

PIPE_BYTES = 4_096


class Pipe(io.BytesIO):
    """Remembers each piece that was written."""

    def __init__(self):
        super().__init__()
        self.pieces = []

    def write(self, piece):
        self.pieces.append(bytes(piece))
        return super().write(piece)


@given(st.lists(st.tuples(st.booleans(), st.text(st.characters(exclude_characters="\n"), max_size=3_000)), max_size=20))
def test_every_line_arrives_whole_and_in_its_place(sent):
    pipe = Pipe()
    lines = Lines(pipe)

    for is_urgent, line in sent:
        (lines.write if is_urgent else lines.defer)(line)
    lines.flush()
    expected = [line.encode("utf-8", "backslashreplace") for _, line in sent]
    assert pipe.getvalue().split(b"\n")[:-1] == expected
    for piece in pipe.pieces:
        assert piece.endswith(b"\n")
        assert len(piece) <= PIPE_BYTES or piece.count(b"\n") == 1


def test_lines_in_no_hurry_go_out_together():
    pipe = Pipe()
    lines = Lines(pipe)
    for line in ("one", "two", "three"):
        lines.defer(line)
    assert pipe.pieces == []
    lines.flush()
    assert pipe.pieces == [b"one\ntwo\nthree\n"]
    lines.flush()
    assert len(pipe.pieces) == 1


def test_a_line_that_is_written_at_once_takes_along_what_waits():
    pipe = Pipe()
    lines = Lines(pipe)
    lines.defer("request")
    lines.warning("trouble")
    assert pipe.pieces == [b"request\ntrouble\n"]


def test_the_first_to_wait_is_told_to_see_to_the_end_of_it():
    lines = Lines(Pipe())
    assert [lines.defer(line) for line in ("one", "two")] == [True, False]
    lines.write("at once")
    assert not lines.defer("three"), "the end of the wait is on its way still"
    lines.flush()
    assert lines.defer("four")


def test_what_cannot_be_written_is_no_fault_of_anyone():
    class Full(Pipe):
        def write(self, piece):
            if b"lost" in piece:
                raise OSError
            return super().write(piece)

    pipe = Full()
    lines = Lines(pipe)
    lines.defer("lost")
    lines.flush()
    lines.write("next")
    assert pipe.pieces == [b"next\n"]
