"""The text that a starting server prints: commands to copy, each on a line of its own and never wrapped."""

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
    """The values in the text.

    `api_key` is the argument of --api-key: the key, or a shell expression that reads it. `new_key` says whether the
    first key was just created: "shown" if the text contains it, "kept" if only its file does, None if it is older.
    """

    base_url: str
    api_key: str
    data: Path
    program: str
    new_key: Literal["shown", "kept"] | None = None

    def render(self) -> str:
        """Return the whole text, without a final line break."""
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
    """Return the argument of --api-key for a POSIX shell: `first_key`, or an expression that reads a stored key."""
    key_file = first_key_path(settings.data).absolute()
    if first_key is not None:
        return first_key
    if settings.bootstrap_key is not None:
        return f'"${BOOTSTRAP_KEY}"'
    if key_file.is_file():
        return f'"$(cat {shlex.quote(str(key_file))})"'
    return KEY_PLACEHOLDER


def typed_command(program: str) -> str:
    """Return how to type the running program in this folder: its name if the shell finds that, else its path."""
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
