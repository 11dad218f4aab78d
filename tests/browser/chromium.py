"""The system's Chromium, driven by Playwright, and what a reader does in it.

Whoever reads notices everything that should not happen: an error or a warning on the console, a script that fails, a
breach of the content security policy, a dialog, an answer that is an error though none was expected, a request that
fails, and any request to a host that is not ours.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-partial-raster",
)
TIMEOUT_MS = 15_000
_TELL_BREACHES = """
document.addEventListener('securitypolicyviolation',
  (event) => window.tellBreach(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""


def find_chromium() -> str | None:
    """The path of the program that MOTHERLODE_CHROMIUM names, else of the first that is installed."""
    return os.environ.get("MOTHERLODE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def running(program: str, **environment: str) -> Iterator[Browser]:
    """A browser without a window, with more in its environment; it ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, env={**os.environ, **environment})
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True, slots=True)
class Window:
    """How somebody looks at pages."""

    width: int = 1280
    height: int = 800
    scheme: str = "light"
    has_scripts: bool = True

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}" + ("" if self.has_scripts else "-noscript")


PHONE_DARK = Window(360, 740, "dark")
WINDOWS = tuple(Window(width, scheme=scheme) for width in (320, 1280) for scheme in ("light", "dark"))
"""Those at which every page is looked at."""
ALL_WINDOWS = (*WINDOWS, Window(320, has_scripts=False), Window(1280, has_scripts=False))


@dataclass
class Reader:
    """Somebody in front of a page of the server at `url`; `troubles` are what should not have happened so far."""

    page: Page
    url: str
    troubles: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _errors_expected: set[str] = field(default_factory=set)

    def visit(self, path: str, *, status: int = 200) -> str:
        """Open a page, which must answer so; returns its markup as it came."""
        address = self.url + path
        if status >= 400:
            self._errors_expected.add(address)
        response = self.page.goto(address)
        assert response is not None
        assert response.status == status, f"{path} answers {response.status}: {response.text()[:500]}"
        return response.text()

    @property
    def path(self) -> str:
        """Where the reader is, with the query."""
        return self.page.url.removeprefix(self.url)

    def expects_error_at(self, path: str) -> None:
        """Let that path answer with an error."""
        self._errors_expected.add(self.url + path)

    def focus(self) -> dict[str, Any] | None:
        """What has the focus: its place, tag, text or label, whether it is in view (`shown`), and whether one sees that
        it has it (`marked`)."""
        found: dict[str, Any] | None = self.page.evaluate(_DESCRIBE_FOCUS)
        return found

    def watch(self) -> None:
        """Notice from now on what should not happen."""
        page = self.page
        page.on("console", self._notice_message)
        page.on("pageerror", lambda error: self.troubles.append(f"a script failed: {error}"))
        page.on("request", self._notice_request)
        page.on("requestfailed", self._notice_failure)
        page.on("response", self._notice_response)
        page.on("dialog", self._notice_dialog)

    def _notice_message(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if message.text.startswith("Failed to load resource"):
            return  # told by its response
        self.troubles.append(f"{message.type} on the console: {message.text}")

    def _notice_request(self, request: Request) -> None:
        self.asked.append(request.url)
        if not request.url.startswith(f"{self.url}/") and urlsplit(request.url).scheme != "about":
            self.troubles.append(f"asked for {request.url}")

    def _notice_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a search is given up where the next letter is typed
            self.troubles.append(f"{request.url} failed: {request.failure}")

    def _notice_response(self, response: Response) -> None:
        if response.status >= 400 and response.url not in self._errors_expected:
            self.troubles.append(f"{response.url} answers {response.status}")

    def _notice_dialog(self, dialog: Any) -> None:
        self.troubles.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


_DESCRIBE_FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const label = element.getAttribute('aria-label') || element.labels?.[0]?.innerText || element.innerText || '';
  return {
    at: [...document.querySelectorAll('*')].indexOf(element),
    tag: element.localName,
    id: element.id,
    text: label.trim().replace(/\\s+/g, ' '),
    href: element.getAttribute('href'),
    shown: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
    marked: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none',
  };
}"""


@contextmanager
def reading(browser: Browser, url: str, window: Window, *, may_fail: bool = False) -> Iterator[Reader]:
    """A reader with nothing in his browser yet; at the end nothing may have happened that should not, unless
    `may_fail`."""
    context = browser.new_context(
        viewport={"width": window.width, "height": window.height},
        color_scheme=window.scheme,  # type: ignore[arg-type]
        java_script_enabled=window.has_scripts,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(TIMEOUT_MS)
    try:
        page = context.new_page()
        reader = Reader(page, url)
        reader.watch()
        page.expose_function("tellBreach", lambda breach: reader.troubles.append(f"policy breached: {breach}"))
        page.add_init_script(_TELL_BREACHES)
        yield reader
        page.evaluate("() => 0")  # what is on its way is told by then
    finally:
        context.close()
    assert may_fail or not reader.troubles, "\n".join(reader.troubles)


def axe_of(folder: Path) -> str | None:
    """The text of axe-core below a folder of node modules, if it is there."""
    path = folder / "node_modules" / "axe-core" / "axe.min.js"
    return path.read_text() if path.is_file() else None
