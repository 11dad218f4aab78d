"""Package ids, for all texts."""

import contextlib
import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from motherlode.nuget.ids import InvalidId, PackageId, parse_package_id

ASCII_IDS = st.from_regex(r"[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*", fullmatch=True).filter(lambda text: len(text) <= 100)


class TestIdentity:
    """Case-insensitive; URLs use .NET ToLowerInvariant (for ASCII = str.lower())."""

    @given(ASCII_IDS)
    def test_casing_does_not_matter(self, text):
        assert PackageId(text.upper()) == PackageId(text.lower()) == PackageId(text)
        assert PackageId(text).key == text.lower()

    @given(st.text())
    def test_folding_never_changes_the_length_and_is_stable(self, text):
        key = PackageId(text).key
        assert len(key) == len(text)
        assert PackageId(key).key == key


class TestGrammar:
    r"""Client rule: `^\w+([.-]\w+)*$`, ignore case, at most 100 characters."""

    @given(ASCII_IDS)
    def test_every_id_in_ascii_is_an_id(self, text):
        assert parse_package_id(text).written == text

    @given(st.text(max_size=120))
    def test_no_text_gets_through_that_could_leave_a_folder_or_path_segment(self, text):
        with contextlib.suppress(InvalidId):
            found = parse_package_id(text)
            assert found.written == text
            assert re.fullmatch(r"[\w%~]+([.-][\w%~]+)*", found.segment, re.ASCII)
            assert unquote(found.segment) == found.key
