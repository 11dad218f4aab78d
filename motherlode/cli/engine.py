"""How the HTTP engine is set up: what it bounds by itself, for each connection and for all of a worker.

HTTP/1.1 alone is spoken unless `server.http2` is on: the engine bounds each of its streams, but neither their sum nor
the time that a client may leave an answer unread, and the kernel, which would know, sees no streams.
"""

from dataclasses import dataclass
from typing import Any, Final

from granian.constants import HTTPModes
from granian.http import HTTP1Settings, HTTP2Settings

from motherlode import os_files
from motherlode.settings import ServerSettings
from motherlode.web.guard import Bounds

HEAD_BYTES: Final = 64 * 1024
"""The longest head of a request, and how much is kept of what a client sends faster than it is read."""
STREAMS: Final = 32
_STREAM_BYTES: Final = 64 * 1024
_ALIVE_S: Final = 20
_OTHER_FILES: Final = 256
"""Of the files that a worker may have open, those that are no connections and not sent on them."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many connections there may be: `bounds` for the whole server, kept by the guard; `most` for each worker, kept
    by the engine, where further ones wait. It is reached only by more than half of it coming within one of the guard's
    looks."""

    bounds: Bounds
    most: int


def make_room(server: ServerSettings) -> Room:
    """As many connections as the settings allow, and the files: each may need one more for what it is sent."""
    files = max(2, (os_files.raise_file_limit() - _OTHER_FILES) // 2)
    connections = min(server.connections, files // 2)
    per_address = min(server.connections_per_address, connections)
    bounds = Bounds(connections, per_address, server.idle_timeout_s, server.write_timeout_s)
    return Room(bounds, 2 * connections)


def engine_settings(server: ServerSettings) -> dict[str, Any]:
    """What Granian is told of HTTP."""
    return {
        "http": HTTPModes.auto if server.http2 else HTTPModes.http1,
        "http1_settings": HTTP1Settings(header_read_timeout=server.idle_timeout_s * 1000, max_buffer_size=HEAD_BYTES),
        "http2_settings": HTTP2Settings(
            initial_connection_window_size=1024 * 1024,
            initial_stream_window_size=256 * 1024,
            keep_alive_interval=_ALIVE_S * 1000,
            keep_alive_timeout=_ALIVE_S,
            max_concurrent_streams=STREAMS,
            max_headers_size=HEAD_BYTES,
            max_send_buffer_size=_STREAM_BYTES,
        ),
    }
