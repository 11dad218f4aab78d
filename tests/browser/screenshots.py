"""The command `python -m tests.browser.screenshots FOLDER`: pictures of the main pages, for the README.

They are always of the same packages and the same ages, so that a picture changes only where a page does.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.chromium import Window, find_chromium, reading, running
from tests.browser.sample_company import ABOUT, fill
from tests.support.servers import start_server

PICTURES = {"home": "/", "search": "/packages?q=harbor", "package": "/packages/Harbor.Http"}
SCHEMES = ("light", "dark")
FONTS = Path(__file__).with_name("fonts.conf")
PORT = 5555
"""That of a server as it comes: it stands in the pictures."""
MOST_BYTES = 200_000

_SETTLE = """async () => {
  document.activeElement?.blur();
  const seen = [...document.images].filter((image) => image.getBoundingClientRect().top < innerHeight);
  await Promise.all(seen.map((image) => image.decode()));
}"""


def main(arguments: list[str]) -> int:
    """Write the pictures into the folder that is named; returns the exit status."""
    program = find_chromium()
    if len(arguments) != 1 or program is None:
        sys.stderr.write("usage: python -m tests.browser.screenshots FOLDER, where a Chromium is installed\n")
        return 2
    into = Path(arguments[0])
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, running(program, FONTCONFIG_FILE=str(FONTS)) as browser:
        data = Path(scratch) / "data"
        fill(data, today=datetime.now(UTC).date(), face={"title": "Harbor Works", "about": ABOUT})
        server = start_server(data=data, port=PORT)
        try:
            written = [_draw(browser, server.url, name, scheme, into) for name in PICTURES for scheme in SCHEMES]
        finally:
            server.stop()
    too_large = [path for path in written if path.stat().st_size > MOST_BYTES]
    for path in written:
        sys.stderr.write(f"{path} {path.stat().st_size // 1000} KB\n")
    return 1 if too_large else 0


def _draw(browser: Browser, url: str, name: str, scheme: str, into: Path) -> Path:
    path = into / f"{name}-{scheme}.png"
    with reading(browser, url, Window(scheme=scheme)) as reader:
        reader.visit(PICTURES[name])
        reader.page.wait_for_load_state("networkidle")
        reader.page.evaluate(_SETTLE)
        reader.page.screenshot(path=path, animations="disabled", caret="hide")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
