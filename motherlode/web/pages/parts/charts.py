"""Charts of downloads as SVG, drawn by the server: bars that a style gives their colours.

Invariant: a chart holds no style and no script of its own, and no number that the table beside it does not say in
words; its texts are HTML around it, so that they are of the same size in every window.
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
    """Downloads by day: `svg`, and the texts that stand around it."""

    svg: Markup
    total: int
    highest: int
    first: str
    last: str


def draw_days(days: Sequence[DayCount]) -> DaysChart | None:
    """A bar for each day, the oldest on the left; None where there is nothing to draw."""
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
    """One bar across, as long as `count` is of `highest`. It is for the eye alone: the number stands beside it."""
    return _SHARE.format(_format(100 * count / highest if highest else 0))


def format_date(day: date) -> str:
    """A day for people: 3 Feb 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _draw_bar(place: int, each: DayCount, highest: int) -> Markup:
    height = max(1.0, _HEIGHT * each.count / highest)
    said = f"{format_date(each.day)}: {each.count:,}"
    return _BAR.format(place * _SLOT, _format(_HEIGHT - height), _SLOT - _GAP, _format(height), said)


def _format(length: float) -> str:
    return f"{length:.1f}".removesuffix(".0")
