"""ASN.1's Basic Encoding Rules as far as signatures need them, and what they must not be able to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.nuget.signing.ber import MAX_DEPTH, MAX_READS, MAX_VALUES, NotBer, read_octets, read_value
from tests.support.signing import der

LEAVES = st.builds(der, st.sampled_from((0x02, 0x04, 0x06, 0x80)), st.binary())
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda tag, parts, is_endless: der(tag, *parts, is_endless=is_endless),
        st.sampled_from((0x30, 0x31, 0xA0)),
        st.lists(inner, max_size=4),
        st.booleans(),
    ),
    max_leaves=20,
)


@given(TREES)
def test_a_value_is_made_of_the_values_that_it_holds(octets):
    value = read_value(octets)
    assert value.whole == octets
    if value.tag & 0x20:
        assert b"".join(inner.whole for inner in value.inner()) == value.content


@given(TREES, st.data())
def test_a_value_that_is_cut_short_is_none(octets, data):
    stop = data.draw(st.integers(0, len(octets) - 1))
    with pytest.raises(NotBer):
        read_value(octets[:stop])


@given(TREES, st.binary(min_size=1))
def test_nothing_may_follow_the_value(octets, more):
    with pytest.raises(NotBer):
        read_value(octets + more)


@given(st.binary())
def test_any_bytes_are_read_or_refused(octets):
    try:
        value = read_value(octets)
        list(value.inner())
        read_octets(value)
    except NotBer:
        return
    assert value.stop == len(octets)


def test_an_octet_string_comes_whole_or_in_pieces():
    assert read_octets(read_value(der(0x04, b"whole"))) == b"whole"
    assert read_octets(read_value(der(0x24, der(0x04, b"in "), der(0x04, b"two"), is_endless=True))) == b"in two"


@pytest.mark.parametrize("octets", [der(0x30), der(0x24, der(0x02, b"1")), der(0x24, der(0x24, der(0x04)))])
def test_other_things_are_no_octet_string(octets):
    with pytest.raises(NotBer):
        read_octets(read_value(octets))


def test_values_without_length_may_lie_in_each_other_only_so_deep():
    """Their ends have to be looked for, each level within the other."""
    octets = b""
    for _ in range(MAX_DEPTH):
        octets = der(0x30, octets, is_endless=True)
    assert read_value(octets).whole == octets
    with pytest.raises(NotBer):
        read_value(der(0x30, octets, is_endless=True))


def test_values_with_a_length_cost_no_stack_however_deep():
    octets = b""
    for _ in range(10_000):
        octets = der(0x30, octets)
    assert [inner.tag for inner in read_value(octets).inner()] == [0x30]


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x30", b"\x1f\x81\x01\x00", b"\x04\x80\x00\x00", b"\x04\x85\0\0\0\0\1a", b"\x30\x82\x01", b"\x30\x80\x00"],
    ids=["empty", "no length", "long tag", "endless and simple", "five bytes of length", "cut length", "half an end"],
)
def test_what_is_broken_or_never_used_is_refused(octets):
    with pytest.raises(NotBer):
        read_value(octets)


def test_a_value_holds_only_so_many_others():
    """A list of half a million empty ones would take a hundred times the memory of what it was read from."""
    value = read_value(der(0x30, *[der(0x30)] * MAX_VALUES))
    with pytest.raises(NotBer):
        list(value.inner())
    assert len(list(read_value(der(0x30, *[der(0x30)] * (MAX_VALUES - 1))).inner())) == MAX_VALUES - 1


def walk(value):
    """Read every value inside of a value."""
    for inner in value.inner() if value.tag & 0x20 else ():
        walk(inner)


def test_values_that_are_read_again_at_each_level_count_each_time():
    levels = MAX_DEPTH - 2
    octets = b"\x30\x80" * levels + b"\5\0" * (MAX_VALUES - 1) + b"\0\0" * levels
    assert levels * MAX_VALUES > MAX_READS
    with pytest.raises(NotBer, match="too many values"):
        walk(read_value(octets))


def test_an_honest_signature_of_unknown_length_is_read_to_its_end():
    piece = der(0x04, b"a" * 1_000)
    octets = der(0x30, der(0x30, der(0xA0, der(0x24, *[piece] * 1_000, is_endless=True), is_endless=True)))
    walk(read_value(octets))
