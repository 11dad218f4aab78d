"""Settings of the HTTP engine: the limits that it enforces for each connection and for each worker.

Only HTTP/1.1 is on unless `server.http2` is set: with HTTP/2 the engine limits each stream, but neither the streams'
total nor how long a client may leave a response unread. The kernel, which knows that for connections, does not see
streams.
"""

from dataclasses import dataclass
from typing import Any, Final

from granian.constants import HTTPModes
from granian.http import HTTP1Settings, HTTP2Settings

from motherlode import os_files
from motherlode.settings import ServerSettings
from motherlode.web.guard import Bounds

HEAD_BYTES: Final = 64 * 1024
"""Max bytes of a request's head, and of the buffer for data that a client sends faster than it is read."""
STREAMS: Final = 32
_STREAM_BYTES: Final = 64 * 1024
_ALIVE_S: Final = 20
_OTHER_FILES: Final = 256
"""Files that a worker may have open besides its connections and the files sent on them."""


@dataclass(frozen=True, slots=True)
class Room:
    """Connection limits: `bounds` for the whole server, enforced by the guard; `most` for each worker, enforced by the
    engine, where further connections wait.

    A worker reaches `most` only if more than half of these connections arrive between two checks of the guard.
    """

    bounds: Bounds
    most: int


def make_room(server: ServerSettings) -> Room:
    """Raise the open-file limit as far as possible, and return the connections that it and the settings allow.

    A connection needs one file, and a second one while a stored file is sent on it.
    """
    files = max(2, (os_files.raise_file_limit() - _OTHER_FILES) // 2)
    connections = min(server.connections, files // 2)
    per_address = min(server.connections_per_address, connections)
    bounds = Bounds(connections, per_address, server.idle_timeout_s, server.write_timeout_s)
    return Room(bounds, 2 * connections)


def engine_settings(server: ServerSettings) -> dict[str, Any]:
    """Return the HTTP options for Granian."""
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
