"""Target frameworks, for all versions and for any text."""

from hypothesis import given
from hypothesis import strategies as st

from motherlode.nuget.frameworks import parse_framework

LONG_NAMES = [
    *(".NETFramework", ".NETCoreApp", ".NETStandard", ".NETCore", ".NETPlatform", "Silverlight", "Windows", "UAP"),
    *("WindowsPhone", "WindowsPhoneApp", "Xamarin.iOS", "MonoAndroid", "Tizen", ".NETnanoFramework", "DNXCore"),
]
NUMBERS = st.lists(st.integers(0, 12), min_size=2, max_size=4).map(lambda numbers: ".".join(map(str, numbers)))
CANONICAL = st.builds("{},Version=v{}".format, st.sampled_from(LONG_NAMES), NUMBERS)


class TestNames:
    """Target frameworks: short and long names lead to the canonical one and back."""

    @given(CANONICAL)
    def test_short_and_canonical_read_back_as_the_same_framework(self, text):
        framework = parse_framework(text)
        assert framework.is_supported
        for spelling in (framework.short, framework.canonical):
            again = parse_framework(spelling)
            assert (again, again.short, again.canonical) == (framework, framework.short, framework.canonical)

    @given(CANONICAL)
    def test_the_form_of_nuspecs_is_the_same_framework(self, text):
        assert parse_framework(text.replace(",Version=v", "")) == parse_framework(text)

    @given(CANONICAL, st.booleans())
    def test_casing_does_not_matter(self, text, is_upper):
        cased = text.upper() if is_upper else text.lower()
        assert parse_framework(cased.replace("=V", "=v")) == parse_framework(text)  # clients read the small v alone

    @given(st.one_of(st.text(), st.text("netportabl.,=+-0123456789 V", max_size=30)))
    def test_any_text_is_read_and_kept(self, text):
        framework = parse_framework(text)
        assert framework.written == text
        assert parse_framework(framework.short).short == framework.short
        assert parse_framework(framework.canonical).canonical == framework.canonical
