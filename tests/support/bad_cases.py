"""The hostile packages that are too large to be kept: made where they are needed."""

import shutil
import subprocess
import sys
from pathlib import Path


def make_large_cases(packages: Path, home: Path) -> Path:
    """Make them below the empty folder `home`; returns where they lie.

    A copy of their maker is run, since it writes a table beside itself.
    """
    (home / "bad").mkdir()
    for script in (packages / "bad").glob("*.py"):
        shutil.copyfile(script, home / "bad" / script.name)
    for folder in ("real", "made"):
        (home / folder).symlink_to(packages / folder)
    subprocess.run([sys.executable, home / "bad" / "make.py", home / "out"], check=True, capture_output=True)
    return home / "out"
