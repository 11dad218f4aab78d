"""Charts of downloads: bars that are true to their numbers, and to be had by those who do not see them."""

from datetime import date, timedelta
from xml.etree.ElementTree import Element, fromstring

from hypothesis import given
from hypothesis import strategies as st

from motherlode.projections.pages.views import DayCount
from motherlode.web.pages.parts.charts import draw_days, draw_share

FIRST = date(2026, 1, 30)


def days(*counts: int) -> list[DayCount]:
    return [DayCount(FIRST + timedelta(days=place), count) for place, count in enumerate(counts)]


def bars(svg: str) -> list[Element]:
    return [each for each in fromstring(svg).iter() if each.tag == "rect"]


def test_a_chart_says_what_it_shows() -> None:
    chart = draw_days(days(3, 0, 1_200))
    assert chart
    root = fromstring(chart.svg)
    assert root.get("role") == "img"
    about = "Downloads per day from 30 Jan 2026 to 1 Feb 2026: 1,203 total, peak 1,200 per day."
    assert root.get("aria-label") == about
    assert (chart.total, chart.highest, chart.first, chart.last) == (1_203, 1_200, "30 Jan 2026", "1 Feb 2026")
    assert [each.findtext("title") for each in bars(chart.svg)] == ["30 Jan 2026: 3", "1 Feb 2026: 1,200"]


def test_days_of_nothing_are_no_chart() -> None:
    assert draw_days(days(0, 0)) is None
    assert draw_days([]) is None


def test_a_chart_has_no_style_of_its_own() -> None:
    chart = draw_days(days(1, 2))
    assert chart
    assert all("style" not in each.attrib and "fill" not in each.attrib for each in fromstring(chart.svg).iter())


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=90).filter(any))
def test_each_bar_is_as_high_as_its_day_and_stands_on_the_ground(counts: list[int]) -> None:
    chart = draw_days(days(*counts))
    assert chart
    _, _, width, height = map(float, (fromstring(chart.svg).get("viewBox") or "").split())
    drawn = bars(chart.svg)
    shown = [count for count in counts if count]
    assert len(drawn) == len(shown)
    for bar, count in zip(drawn, shown, strict=True):
        x, y, wide, high = (float(bar.attrib[name]) for name in ("x", "y", "width", "height"))
        assert abs(high - max(1, height * count / max(counts))) < 0.06
        assert abs(y + high - height) < 0.11
        assert 0 <= x < x + wide <= width


def test_a_share_is_as_long_as_its_part() -> None:
    lengths = [bars(draw_share(count, 200))[0].get("width") for count in (200, 50, 1, 0)]
    assert lengths == ["100", "25", "0.5", "0"]
    assert bars(draw_share(0, 0))[0].get("width") == "0"
