"""Small file systems that a test can fill to the last byte."""

import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

DISK_BYTES = 16_000_000


class SmallDisk:
    """A file system of its own; `fill` leaves no room on it, also where some came back, `free` gives it back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def filler(self) -> Path:
        """What takes all the room."""
        return self.folder / "filler"

    def fill(self) -> None:
        with self.filler.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass

    def free(self) -> None:
        self.filler.unlink()


def mount(folder: Path) -> bool:
    """Mount a small file system there, if this user may."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    with suppress(FileNotFoundError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def may_mount() -> bool:
    """Whether there can be a small disk, tried just now."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if not mount(Path(folder)):
            return False
        unmount(Path(folder))
    return True
