"""Bar charts of downloads, drawn by the server as SVG and coloured by the style sheet.

Invariant: a chart contains no style and no script, and every number in it also stands in the table next to it. Its
labels are HTML around it, so that they have the same size in every window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from motherlode.projections.pages.views import DayCount

_HEIGHT: Final = 100
_SLOT: Final = 10
_GAP: Final = 2
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_CHART: Final = Markup(
    '<svg class="chart days" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
    "<title>{}</title><desc>{}</desc>{}</svg>"
)
_BAR: Final = Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
_SHARE: Final = Markup(
    '<svg class="chart share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
    '<rect class="bar" x="0" y="0" width="{}" height="10"></rect></svg>'
)


@dataclass(frozen=True, slots=True)
class DaysChart:
    """A chart of downloads per day: `svg`, and the values of the labels around it."""

    svg: Markup
    total: int
    highest: int
    first: str
    last: str


def draw_days(days: Sequence[DayCount]) -> DaysChart | None:
    """Draw one bar per day, the oldest on the left; return None if there were no downloads."""
    total, highest = sum(each.count for each in days), max((each.count for each in days), default=0)
    if not highest:
        return None
    bars = Markup().join(_draw_bar(place, each, highest) for place, each in enumerate(days) if each.count)
    first, last = format_date(days[0].day), format_date(days[-1].day)
    name = f"Downloads per day from {first} to {last}"
    about = f"{total:,} total, peak {highest:,} per day."
    width = len(days) * _SLOT - _GAP
    return DaysChart(_CHART.format(width, _HEIGHT, f"{name}: {about}", name, about, bars), total, highest, first, last)


def draw_share(count: int, highest: int) -> Markup:
    """Draw a horizontal bar for `count` relative to `highest`. Screen readers skip it: the number stands next to it."""
    return _SHARE.format(_format(100 * count / highest if highest else 0))


def format_date(day: date) -> str:
    """Format a day for readers: 3 Feb 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _draw_bar(place: int, each: DayCount, highest: int) -> Markup:
    height = max(1.0, _HEIGHT * each.count / highest)
    said = f"{format_date(each.day)}: {each.count:,}"
    return _BAR.format(place * _SLOT, _format(_HEIGHT - height), _SLOT - _GAP, _format(height), said)


def _format(length: float) -> str:
    return f"{length:.1f}".removesuffix(".0")
