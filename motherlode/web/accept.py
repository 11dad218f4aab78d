"""Who a response is for, as its request says: a person at a browser, or a program (RFC 9110, 12.5.1)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from motherlode.web.headers import header_values, listed_values

_WEIGHT: Final = re.compile(r"0?\.[0-9]{1,9}|[01](?:\.0{0,9})?")
_LEAST_WEIGHT: Final = 0.5
_JSON: Final = ("application/problem+json", "application/json")


def prefers_page(scope: Mapping[str, Any]) -> bool:
    """Whether to send a page instead of JSON: the request names `text/html`, wants it no less than anything it does not
    name, and more than any JSON that it names."""
    weights = _read_weights(scope)
    page = weights.get("text/html", 0.0)
    if page < _LEAST_WEIGHT or _is_java(weights):
        return False
    return page >= weights.get("*/*", 0.0) and all(page > weights.get(name, 0.0) for name in _JSON)


def is_part_of_page(scope: Mapping[str, Any]) -> bool:
    """Whether a browser asks for it, for a page that it shows: an icon, say, for someone whose session has ended.

    # quirk: a Basic challenge to any such request opens the browser's own box for name and password. Over plain http no
    browser sends Sec-Fetch-Mode, but all of them name WebP where they want a picture."""
    return bool(header_values(scope, b"sec-fetch-mode")) or "image/webp" in _read_weights(scope)


def _is_java(weights: Mapping[str, float]) -> bool:
    """Whether it is what Java's own HTTP client sends unless told otherwise.

    # quirk: `text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2`. Browsers name XHTML too, or no pictures."""
    return "image/gif" in weights and "application/xhtml+xml" not in weights


def _read_weights(scope: Mapping[str, Any]) -> dict[str, float]:
    """The weight of each media range in Accept, by name in lower case; one whose weight is not valid has none."""
    weights = {}
    for member in listed_values(scope, b"accept"):
        name, *parameters = (part.strip().lower() for part in member.split(";"))
        weights[name] = _weight_in(parameters)
    return weights


def _weight_in(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = (part.strip() for part in parameter.partition("="))
        if name == "q":
            return float(value) if _WEIGHT.fullmatch(value) else 0.0
    return 1.0
