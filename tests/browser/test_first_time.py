"""A newcomer's first quarter of an hour: on a phone-sized window, in the dark, by keyboard alone."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.chromium import PHONE_DARK, Reader
from tests.clients.client import new_user

Open = Callable[..., Reader]
MOST_STOPS = 120


def tab_to(reader: Reader, text: str, *, tag: str | None = None) -> None:
    """Press Tab until what has the focus begins with that text, and is in view and marked."""
    for _ in range(MOST_STOPS):
        reader.page.keyboard.press("Tab")
        focus = reader.focus()
        if focus and focus["text"].startswith(text) and tag in {None, focus["tag"]}:
            assert focus["shown"], focus
            assert focus["marked"], focus
            return
    raise AssertionError(f"{text!r} cannot be reached")


def copied(reader: Reader, *, after: str) -> str:
    """Copy, by keyboard, the first line of the panel of that tab, and return what is in the clipboard."""
    tab_to(reader, after)
    tab_to(reader, "Copy", tag="button")
    reader.page.keyboard.press("Enter")
    expect(reader.page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    text: str = reader.page.evaluate("() => navigator.clipboard.readText()")
    return text


def test_a_newcomer_finds_a_package_reads_about_it_and_installs_it(
    open_reader: Open, clients: Path, tmp_path: Path
) -> None:
    """Both lines are pasted as they were copied: the one that adds the source, and the one that adds the package."""
    reader = open_reader(PHONE_DARK)
    reader.visit("/")
    source_line = copied(reader, after="dotnet")

    reader.visit("/")
    reader.page.keyboard.type("retries times out")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**/packages?*")
    tab_to(reader, "Harbor.Http", tag="a")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**/packages/Harbor.Http")
    tab_to(reader, "README", tag="a")
    reader.page.keyboard.press("Enter")
    expect(reader.page.get_by_role("heading", name="README")).to_be_in_viewport()
    reader.visit("/packages/Harbor.Http")
    install_line = copied(reader, after=".NET CLI")

    user = new_user(clients / "bin", tmp_path / "user")
    user.put("nuget.config", "<configuration><packageSources><clear /></packageSources></configuration>")
    added = user.pastes(source_line)
    assert added.is_done, added.output
    user.does("dotnet", "new", "classlib", "-o", "App")
    installed = user.pastes(install_line, folder=user.folder / "App")
    assert installed.is_done, installed.output
    assert 'Include="Harbor.Http" Version="3.2.1"' in (user.folder / "App" / "App.csproj").read_text()
    user.does("dotnet", "build", "App")
