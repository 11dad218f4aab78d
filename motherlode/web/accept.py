"""Decides from a request whether the response is for a browser or for a program (RFC 9110, 12.5.1)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from motherlode.web.headers import header_values, listed_values

_WEIGHT: Final = re.compile(r"0?\.[0-9]{1,9}|[01](?:\.0{0,9})?")
_LEAST_WEIGHT: Final = 0.5
_JSON: Final = ("application/problem+json", "application/json")


def prefers_page(scope: Mapping[str, Any]) -> bool:
    """Whether to send a page instead of JSON.

    The request must name `text/html`, with at least the weight of `*/*`, and more than the weight of any JSON type that
    it names."""
    weights = _read_weights(scope)
    page = weights.get("text/html", 0.0)
    if page < _LEAST_WEIGHT or _is_java(weights):
        return False
    return page >= weights.get("*/*", 0.0) and all(page > weights.get(name, 0.0) for name in _JSON)


def is_part_of_page(scope: Mapping[str, Any]) -> bool:
    """Whether a browser requests a part of a page, for example an icon after the session has ended.

    # quirk: a Basic challenge to such a request opens the browser's own login dialog. Over plain http browsers do not
    send Sec-Fetch-Mode, but all of them name WebP when they request an image."""
    return bool(header_values(scope, b"sec-fetch-mode")) or "image/webp" in _read_weights(scope)


def _is_java(weights: Mapping[str, float]) -> bool:
    """Whether this is the default Accept header of Java's HTTP client.

    # quirk: it is `text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2`. Browsers also name XHTML, or name no images.
    """
    return "image/gif" in weights and "application/xhtml+xml" not in weights


def _read_weights(scope: Mapping[str, Any]) -> dict[str, float]:
    """Return the weight of each media range in Accept by lower-case name; an invalid weight counts as 0."""
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
