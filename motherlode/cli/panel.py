"""What a starting server says: the lines to paste next, each alone on its line, unbroken at any width."""

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from motherlode.config import BOOTSTRAP_KEY, DEFAULT_DATA
from motherlode.protocol.urls import Urls
from motherlode.protocol.welcome import KEY_PLACEHOLDER, welcome_lines
from motherlode.settings import Settings
from motherlode.store.data_folder import first_key_path


@dataclass(frozen=True, slots=True)
class Panel:
    """`api_key` is what follows --api-key: the key itself, or where a shell finds it.

    `new_key` is "shown" or "kept" where the first key was made just now: the lines have it, or only its file does.
    """

    base_url: str
    api_key: str
    data: Path
    program: str
    new_key: Literal["shown", "kept"] | None = None

    def render(self) -> str:
        """The whole text, without a line break at its end."""
        urls = Urls(self.base_url)
        lines = [
            "Motherlode is ready. Press Ctrl+C to stop it.",
            f"Data folder: {self.data.absolute()}",
            "",
            "Commands to add it as a package source and to push packages, and its web address:",
            "",
            *welcome_lines(urls.service_index, urls.home, self.api_key),
            "",
        ]
        if self.new_key == "shown":
            lines.append(f"The administrator's key above is shown only once. It is also in {self._key_file}")
        elif self.new_key == "kept":
            lines.append(f"The administrator's key is in {self._key_file}")
        if self.new_key is not None:
            lines.append(
                "It never expires. Use it to set up the server, and create another key for each user and build server."
            )
        lines.append("Command to create more keys, which expire after 90 days unless you add --expires:")
        lines.append(f"{typed_command(self.program)} key create --name NAME{self._data_option}")
        return "\n".join(lines)

    @property
    def _key_file(self) -> Path:
        return first_key_path(self.data).absolute()

    @property
    def _data_option(self) -> str:
        return "" if str(self.data) == DEFAULT_DATA else f" --data {shlex.quote(str(self.data.absolute()))}"


def key_argument(settings: Settings, first_key: str | None) -> str:
    """What to put behind --api-key in a POSIX shell: a key just made, or where the administrator's key lies."""
    key_file = first_key_path(settings.data).absolute()
    if first_key is not None:
        return first_key
    if settings.bootstrap_key is not None:
        return f'"${BOOTSTRAP_KEY}"'
    if key_file.is_file():
        return f'"$(cat {shlex.quote(str(key_file))})"'
    return KEY_PLACEHOLDER


def typed_command(program: str) -> str:
    """How the running program can be typed in this folder: by its name when that finds it, else by its path."""
    path = Path(program)
    if path.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m {path.parent.parent.name}.{path.parent.name}"
    found = shutil.which(path.name)
    if found is not None and Path(found).absolute() == path.absolute():
        return shlex.quote(path.name)
    if not path.absolute().is_relative_to(Path.cwd()):
        return shlex.quote(str(path.absolute()))
    below = os.path.relpath(path)
    return shlex.quote(below if os.sep in below else f".{os.sep}{below}")
