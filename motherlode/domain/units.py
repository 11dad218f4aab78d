"""Sizes and durations as people write them: `250MB`, `30d`.

A text is a whole number and one unit. Sizes count in steps of 1024, as the public gallery's
limit of 250 MB does (262,144,000 bytes).
"""

import re

_UNITS = {"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"([0-9]{1,18})\s?(B|KB|MB|GB|TB|)", re.IGNORECASE | re.ASCII)
_DURATION = re.compile(r"([0-9]{1,12})([smhd])")
MAX_DURATION_S = 36500 * 86400

SIZE_ALLOWED = "a size such as 250MB (B, KB, MB, GB or TB, in steps of 1024)"
DURATION_ALLOWED = "a duration such as 90s, 15m, 1h or 30d (at most 36500d)"


def parse_size(text: str) -> int:
    """Return the number of bytes in `text`, at least 1. A number without a unit is bytes. Raises ValueError."""
    match = _SIZE.fullmatch(text.strip())
    size = int(match[1]) * _UNITS[match[2].upper()] if match else 0
    if not 0 < size < 1 << 59:
        raise ValueError(f"not {SIZE_ALLOWED}")
    return size


def parse_duration(text: str) -> int:
    """Return the number of seconds in `text`, from 1 to `MAX_DURATION_S`. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip())
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < seconds <= MAX_DURATION_S:
        raise ValueError(f"not {DURATION_ALLOWED}")
    return seconds


def format_size(size: int) -> str:
    """Return the shortest text that `parse_size` reads as exactly `size` bytes."""
    unit = max((name for name in _UNITS if name and size % _UNITS[name] == 0), key=lambda name: _UNITS[name])
    return f"{size // _UNITS[unit]}{unit}"


def format_duration(seconds: int) -> str:
    """Return the shortest text that `parse_duration` reads as exactly `seconds`."""
    unit = max((name for name in _SECONDS if seconds % _SECONDS[name] == 0), key=lambda name: _SECONDS[name])
    return f"{seconds // _SECONDS[unit]}{unit}"
