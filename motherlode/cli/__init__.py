"""The command line: thin layers over use cases.

This module stays light, because each worker process of a server imports it anew.
"""

import sys


def main() -> None:
    """Run the command that was typed, and end with its exit code."""
    from motherlode.cli.program import run

    sys.exit(run(sys.argv[1:]))
