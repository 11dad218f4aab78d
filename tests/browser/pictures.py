"""Small PNG icons, drawn in memory: a sign on a coloured square."""

import struct
import zlib
from collections.abc import Callable

Colour = tuple[int, int, int]
Sign = Callable[[float, float], bool]
"""Whether the sign covers the point; both from -1 to 1, y downwards."""

SIDE = 96
_FINE = 3


def bars(x: float, y: float) -> bool:
    """Three bars, each longer than the one above it."""
    return abs(x) < 0.62 and any(abs(y - at) < 0.1 and x < end for at, end in ((-0.4, -0.05), (0.0, 0.28), (0.4, 0.62)))


def ring(x: float, y: float) -> bool:
    """A ring around a dot."""
    distance = (x * x + y * y) ** 0.5
    return 0.42 < distance < 0.62 or distance < 0.18


def wave(x: float, y: float) -> bool:
    """A zigzag of two teeth."""
    return abs(x) < 0.66 and any(abs(y - at - 0.5 * abs((x * 1.5 + 1) % 1 - 0.5)) < 0.1 for at in (-0.45, -0.08, 0.28))


def diamond(x: float, y: float) -> bool:
    """A diamond with a hole."""
    return 0.26 < abs(x) + abs(y) < 0.68


def arrow(x: float, y: float) -> bool:
    """A prompt: an angle and a line."""
    return (abs(abs(y + 0.1) + x - 0.02) < 0.13 and x > -0.5 and abs(y + 0.1) < 0.45) or (
        abs(y - 0.42) < 0.09 and 0.1 < x < 0.6
    )


def draw_icon(colour: Colour, sign: Sign) -> bytes:
    """The sign in white on the colour, 96 pixels wide; the same arguments always draw the same bytes."""
    rows = b"".join(b"\0" + bytes(_row(y, colour, sign)) for y in range(SIDE))
    head = struct.pack(">2I5B", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, content) for name, content in ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _row(row: int, colour: Colour, sign: Sign) -> list[int]:
    return [part for column in range(SIDE) for part in _pixel(column, row, colour, sign)]


def _pixel(column: int, row: int, colour: Colour, sign: Sign) -> tuple[int, int, int]:
    covered = 0
    for fine in range(_FINE * _FINE):
        x = (column + (fine % _FINE + 0.5) / _FINE) / SIDE * 2 - 1
        y = (row + (fine // _FINE + 0.5) / _FINE) / SIDE * 2 - 1
        covered += sign(x, y)
    shade = 1.08 - 0.22 * row / SIDE
    parts = (min(255, int(part * shade)) for part in colour)
    red, green, blue = (int(part + (255 - part) * covered / (_FINE * _FINE)) for part in parts)
    return red, green, blue
