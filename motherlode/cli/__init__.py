"""The command line: thin layers over the use cases.

Keep this module light: each worker process of a server imports it.
"""

import sys


def main() -> None:
    """Run the command in `sys.argv` and exit with its exit code."""
    from motherlode.cli.program import run

    sys.exit(run(sys.argv[1:]))
