"""Which processor does what: servers have the first to themselves, all that makes load runs on the second.

A process inherits where its parent may run, so a server is started from within `on_server_core`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_ALL = sorted(os.sched_getaffinity(0))
SERVER_CORE = _ALL[0]
LOAD_CORE = _ALL[-1]


def take_load_core() -> None:
    """From here on this process, and what it starts, runs on the core of the load."""
    os.sched_setaffinity(0, {LOAD_CORE})


@contextmanager
def on_server_core() -> Iterator[None]:
    """What is started in here runs on the servers' core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CORE})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
