"""Feeds made beside a running server, by the command that administrators use."""

import subprocess

from tests.support.servers import MOTHERLODE, Server, clean_environment


def create_feed(server: Server, name: str, *settings: str) -> None:
    """Make a feed beside the running server, as an administrator does."""
    command = [MOTHERLODE, "feed", "create", name, *settings, "--data", server.data]
    subprocess.run(command, check=True, capture_output=True, env=clean_environment())


def set_feed(server: Server, name: str, *settings: str) -> None:
    """Change a feed's settings beside the running server."""
    command = [MOTHERLODE, "feed", "set", name, *settings, "--data", server.data]
    subprocess.run(command, check=True, capture_output=True, env=clean_environment())
