"""How many connections the engine is given room for: as many as are set, or as files allow."""

import resource
import subprocess
import sys

import pytest

LOOK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
from motherlode.cli.engine import make_room
from motherlode.config import load_settings
room = make_room(load_settings({{"MOTHERLODE_SERVER_CONNECTIONS": "{asked}"}}).server)
print(room.bounds.connections, room.bounds.per_address, room.most, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "asked", "room"),
    [
        (256, 1024, 2048, (192, 192, 384, 1024)),
        (1024, 16_384, 2048, (2048, 512, 4096, 16_384)),
        (1024, 16_384, 100, (100, 100, 200, 16_384)),
    ],
)
def test_files_bound_connections(soft: int, hard: int, asked: int, room: tuple[int, ...]) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < hard:
        pytest.skip("this user may not have as many files open")
    script = LOOK.format(soft=soft, hard=hard, asked=asked)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == [str(number) for number in room], done.stderr
