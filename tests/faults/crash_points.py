"""The crash points that the sources name, so that one that is added is tested without a change here."""

import re
from pathlib import Path

import motherlode

_CHANGES = ("push", "replace", "unlist", "relist", "delete", "restore-version")
_ACTIONS = {
    "_change": _CHANGES,
    "push": ("push", "replace"),
    "delete": ("unlist", "delete"),
    "listing": ("unlist", "relist"),
}
"""What stands for an action in a name, by the module that names it."""


def _find_points() -> list[str]:
    found: dict[str, None] = {}
    for module in sorted(Path(motherlode.__file__).parent.rglob("*.py")):
        for name in re.findall(r'^ +crash_point\(f?"([^"]+)"\)', module.read_text("utf-8"), re.MULTILINE):
            found |= dict.fromkeys(_spell(name, module.stem))
    return list(found)


def _spell(name: str, module: str) -> list[str]:
    placeholder = re.search(r"{[\w.]+}", name)
    if placeholder is None:
        return [name]
    return [name.replace(placeholder[0], action) for action in _ACTIONS[module]]


POINTS = _find_points()
STORING = [point for point in POINTS if point.startswith("put-") or point == "push-blob-put"]
"""Those of a push before it is known what it comes to."""


def points_of(action: str) -> list[str]:
    """The points of a verb; of one that stores bytes those of the storing too."""
    stored = STORING if action in {"push", "replace"} else []
    return [*stored, *(point for point in POINTS if point.startswith(f"{action}-") and point not in STORING)]
