"""How downloads become classes, and times ages."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from motherlode.search.ranking import class_of, rank_fields, read_class
from motherlode.search.subjects import EPOCH

DOWNLOADS = st.integers(0, 2**62)
TIMES = st.integers(-(10**15), 10**17).map(lambda number: EPOCH + timedelta(microseconds=number))


class TestClasses:
    """Each number up to 63 is one, beyond that a class spans 1/32 of its octave (3 % at most)."""

    @given(DOWNLOADS, DOWNLOADS)
    def test_more_downloads_are_never_of_a_lower_class(self, one, other):
        assert (class_of(one) <= class_of(other)) if one <= other else (class_of(one) >= class_of(other))

    @given(st.integers(0, 63))
    def test_small_numbers_are_exact(self, downloads):
        assert class_of(downloads) == downloads

    @given(DOWNLOADS)
    def test_a_class_spans_few_downloads(self, downloads):
        assert class_of(downloads + downloads // 31 + 1) > class_of(downloads)

    @given(DOWNLOADS, st.text(st.characters(exclude_categories=["Cs"])))
    def test_a_document_tells_its_class(self, downloads, id_key):
        numbers = dict(rank_fields(id_key, downloads, EPOCH))
        assert read_class(numbers["rank_0"]) == class_of(downloads)
        assert all(0 <= number < 2**64 for number in numbers.values())


@given(TIMES, TIMES)
def test_the_younger_document_has_the_smaller_age(one, other):
    ages = [dict(rank_fields("acme", 0, at))["age"] for at in (one, other)]
    assert all(0 <= age < 2**64 for age in ages)
    assert (ages[0] < ages[1]) is (one > other)
