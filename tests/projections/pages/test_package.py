"""The page of a package: which version it is of, who sees what of it, and that it is never older than its look."""

from datetime import timedelta

import pytest

from motherlode.domain.refusals import NoSuchVersion
from motherlode.nuget.ids import parse_package_id
from motherlode.projections.documents.v3 import RenderContext, RenderedDocument
from motherlode.projections.pages.queries import MAX_FILES
from motherlode.usecases.packages.owners import add_owner
from tests.projections.pages.page_reader import names
from tests.support.builders import nupkg
from tests.usecases.services import NOON


def push(services, *versions, package_id="Acme.Widgets", **more):
    """Push versions of an id, a minute after each other."""
    for version in versions:
        services.clock.pass_by(timedelta(minutes=1))
        services.push(nupkg(package_id, version, **more))


def written(view):
    """The versions that a view lists."""
    return [str(row.version) for row in view.versions]


class TestWhichVersion:
    @pytest.mark.parametrize(
        ("pushed", "shown"),
        [
            (["1.0.0", "2.0.0", "1.5.0"], "2.0.0"),
            (["1.0.0", "2.0.0-rc.1"], "1.0.0"),
            (["1.0.0-a", "1.0.0-b"], "1.0.0-b"),
        ],
    )
    def test_an_id_alone_means_the_latest_version_stable_first(self, services, looker, pushed, shown):
        push(services, *pushed)
        view = looker.package("acme.WIDGETS")
        assert (view.identity.version.normalized, view.latest.normalized) == (shown, shown)

    def test_a_version_may_be_spelt_in_any_way(self, services, looker):
        push(services, "1.0.0", "2.0.0")
        assert looker.package("Acme.Widgets", "01.0").identity.version.normalized == "1.0.0"

    @pytest.mark.parametrize("version", [None, "3.0.0"])
    def test_what_is_not_there_is_not_found(self, services, looker, version):
        push(services, "1.0.0", package_id="Acme.Others" if version is None else "Acme.Widgets")
        with pytest.raises(NoSuchVersion):
            looker.package("Acme.Widgets", version)

    def test_what_another_feed_holds_is_not_found(self, services, looker):
        services.create_feed("tools")
        services.push(nupkg("Acme.Widgets"), feed="tools")
        assert looker.package("Acme.Widgets", feed="tools").identity.version.normalized == "1.0.0"
        with pytest.raises(NoSuchVersion):
            looker.package("Acme.Widgets")


class TestUnlisted:
    def test_an_unlisted_version_is_shown_by_its_own_address_alone(self, services, looker):
        push(services, "1.0.0", "2.0.0")
        services.unlist("Acme.Widgets", "2.0.0")
        assert looker.package("Acme.Widgets").identity.version.normalized == "1.0.0"
        named = looker.package("Acme.Widgets", "2.0.0")
        assert (named.is_listed, named.latest.normalized, written(named)) == (False, "1.0.0", ["1.0.0"])

    def test_who_may_see_unlisted_versions_finds_them_in_the_list(self, services, looker):
        push(services, "1.0.0", "2.0.0")
        services.unlist("Acme.Widgets", "2.0.0")
        view = looker.package("Acme.Widgets", sees_unlisted=True)
        assert view.identity.version.normalized == "1.0.0"
        assert [(str(row.version), row.is_listed) for row in view.versions] == [("2.0.0", False), ("1.0.0", True)]

    def test_an_id_of_which_nothing_is_listed_is_found_by_those_who_may_see_it_alone(self, services, looker):
        push(services, "1.0.0", "2.0.0-rc")
        for version in ("1.0.0", "2.0.0-rc"):
            services.unlist("Acme.Widgets", version)
        with pytest.raises(NoSuchVersion):
            looker.package("Acme.Widgets")
        view = looker.package("Acme.Widgets", sees_unlisted=True)
        assert (view.identity.version.normalized, view.latest) == ("1.0.0", None)
        assert (looker.package("Acme.Widgets", "1.0.0").latest, written(looker.package("Acme.Widgets", "1.0.0"))) == (
            None,
            [],
        )


class TestWhatItShows:
    def test_versions_come_with_time_downloads_and_listing_the_highest_first(self, services, looker):
        push(services, "1.0.0", "2.0.0", "1.5.0")
        looker.download("Acme.Widgets", 3, version="1.5.0")
        looker.download("Acme.Widgets", 4, version="2.0.0")
        view = looker.package("Acme.Widgets", "1.5.0")
        minutes = {"1.0.0": 1, "2.0.0": 2, "1.5.0": 3}
        assert [(str(row.version), row.published_at, row.downloads) for row in view.versions] == [
            (version, NOON + timedelta(minutes=minutes[version]), count)
            for version, count in (("2.0.0", 4), ("1.5.0", 3), ("1.0.0", 0))
        ]
        assert (view.downloads, view.version_downloads) == (7, 3)
        assert view.published_at == view.changed_at == NOON + timedelta(minutes=3)

    def test_size_and_hash_are_those_of_the_bytes_and_the_nuspec_says_the_rest(self, services, looker):
        push(services, "1.0.0", description="Widgets for everyone.")
        entry, view = services.get("acme.widgets", "1.0.0"), looker.package("Acme.Widgets")
        assert (view.size, view.sha512) == (entry.size, entry.sha512)
        assert view.package.description == "Widgets for everyone."

    def test_the_last_six_weeks_are_told_day_by_day(self, services, looker):
        push(services, "1.0.0", "2.0.0")
        today = NOON.date()
        for days_ago, version, count in ((42, "1.0.0", 9), (41, "1.0.0", 2), (41, "2.0.0", 3), (0, "1.0.0", 1)):
            looker.download("Acme.Widgets", count, version=version, day=today - timedelta(days=days_ago))
        looker.download("Acme.Others", 5)
        days = looker.package("Acme.Widgets").days
        assert (len(days), days[0].day, days[-1].day) == (42, today - timedelta(days=41), today)
        assert [each.count for each in days] == [5, *[0] * 40, 1]

    def test_owners_are_told_by_name(self, services, looker):
        push(services, "1.0.0")
        assert looker.package("Acme.Widgets").owners == ()
        for name in ("zoe", "Alice"):
            services.add_account(name)
            services.do(add_owner, parse_package_id("Acme.Widgets"), name, feed="default")
        assert looker.package("Acme.Widgets").owners == ("Alice", "zoe")

    def test_dependencies_that_are_listed_here_are_told_from_others(self, services, looker):
        for name in ("Acme.Here", "Acme.Hidden"):
            push(services, "1.0.0", package_id=name)
        services.unlist("Acme.Hidden", "1.0.0")
        push(
            services, "1.0.0", groups={"net8.0": {"acme.HERE": "1.0.0"}, None: {"Acme.Hidden": None, "Acme.Gone": None}}
        )
        assert looker.package("Acme.Widgets").here == {"acme.here"}

    def test_used_by_are_those_whose_latest_version_depends_on_it_the_most_downloaded_first(self, services, looker):
        push(services, "1.0.0")
        push(services, "1.0.0", package_id="Acme.Apps", dependencies={"ACME.widgets": "1.0.0"})
        push(services, "1.0.0", package_id="Acme.Tools", groups={"net8.0": {"Acme.Widgets": "1.0.0"}})
        push(services, "1.0.0", package_id="Acme.Former", dependencies={"Acme.Widgets": "1.0.0"})
        push(services, "2.0.0", package_id="Acme.Former")
        looker.download("Acme.Tools", 2)
        used_by = looker.package("Acme.Widgets").used_by
        assert (used_by.total, names(used_by.cards)) == (2, ["Acme.Tools 1.0.0", "Acme.Apps 1.0.0"])


class TestInside:
    def test_files_are_told_with_their_sizes_without_what_only_wraps_them(self, services, looker):
        files = {"lib/net8.0/Acme.dll": b"12345", "_rels/.rels": b"x", "lib/net8.0/": b"",
                 "package/services/metadata/core-properties/1.psmdcp": b"x", "package/mine.txt": b"123"}  # fmt: skip
        push(services, "1.0.0", files=files)
        view = looker.package("Acme.Widgets")
        sizes = {file.name: file.size for file in view.files}
        assert (sizes.pop("Acme.Widgets.nuspec") > 100, view.file_count) == (True, 4)
        assert sizes == {"lib/net8.0/Acme.dll": 5, "lib/netstandard2.0/_._": 0, "package/mine.txt": 3}

    def test_of_very_many_files_the_first_are_told_and_how_many_there_are(self, services, looker):
        push(services, "1.0.0", files={f"content/{number}.txt": b"" for number in range(MAX_FILES)})
        view = looker.package("Acme.Widgets")
        assert (len(view.files), view.file_count) == (MAX_FILES, MAX_FILES + 2)

    @pytest.mark.parametrize(
        ("content", "text"),
        [(b"# Hi\n", "# Hi\n"), (b"\xef\xbb\xbfWith a mark", "With a mark"), (b"Caf\xe9", "Caf\ufffd")],
    )
    def test_the_readme_is_told_as_text_whatever_its_bytes_are(self, services, looker, content, text):
        push(services, "1.0.0", readme="docs\\README.md", files={"docs/README.md": content})
        assert looker.package("Acme.Widgets").readme == text

    def test_without_a_readme_there_is_none(self, services, looker):
        push(services, "1.0.0")
        assert looker.package("Acme.Widgets").readme is None

    def test_an_archive_is_opened_once_until_its_package_changes(self, services, looker):
        push(services, "1.0.0", readme="README.md", files={"README.md": b"Hello."})
        blob = services.get("acme.widgets", "1.0.0").blob
        first = looker.package("Acme.Widgets")
        push(services, "1.0.0", package_id="Acme.Others")
        again = looker.package("Acme.Widgets")
        assert (again.files, again.file_count, again.readme) == (first.files, first.file_count, "Hello.")
        assert looker.blobs.opened[blob] == 1
        push(services, "2.0.0")
        looker.package("Acme.Widgets", "1.0.0")
        assert looker.blobs.opened[blob] == 2

    def test_a_replaced_version_shows_what_lies_in_it_now(self, services, looker):
        services.change_feed("default", {"overwrite": "always"})
        push(services, "1.0.0", readme="README.md", files={"README.md": b"Old."})
        assert looker.package("Acme.Widgets").readme == "Old."
        push(services, "1.0.0", readme="README.md", files={"README.md": b"New."})
        assert looker.package("Acme.Widgets").readme == "New."

    def test_a_license_file_is_told_as_text(self, services, looker):
        more = '<license type="file">LICENSE.txt</license>'
        push(services, "1.0.0", more=more, files={"LICENSE.txt": b"Do what you like, caf\xc3\xa9."})
        assert looker.license("Acme.Widgets") == "Do what you like, café."

    def test_without_a_license_file_nothing_is_found(self, services, looker):
        push(services, "1.0.0", more='<license type="expression">MIT</license>')
        for version in ("1.0.0", "2.0.0"):
            with pytest.raises(NoSuchVersion):
                looker.license("Acme.Widgets", version)


class TestFreshness:
    """Pages are kept as the whole feed's: they go with every event of it, and with counts where they show some."""

    def test_a_page_shows_at_once_what_uses_it_now(self, services, looker):
        push(services, "1.0.0")

        def render(source: RenderContext) -> RenderedDocument:
            view = looker.showing.package(
                source, looker.feed(), parse_package_id("Acme.Widgets"), None, sees_unlisted=False
            )
            body = f"{names(view.used_by.cards)} {view.downloads}"
            return RenderedDocument(body.encode(), view.changed_at, "text/html", counted=source.counted)

        assert looker.read("page", render).body == b"[] 0"
        push(services, "1.0.0", package_id="Acme.Apps", dependencies={"Acme.Widgets": "1.0.0"})
        page = looker.read("page", render)
        assert page.body == b"['Acme.Apps 1.0.0'] 0"
        assert looker.read("page", render) is page
        looker.download("Acme.Widgets", 2)
        assert looker.read("page", render).body == b"['Acme.Apps 1.0.0'] 2"

    def test_without_an_index_all_but_the_users_is_shown(self, services, newcomer):
        push(services, "1.0.0")
        push(services, "1.0.0", package_id="Acme.Apps", dependencies={"Acme.Widgets": "1.0.0"})
        view = newcomer.package("Acme.Widgets")
        assert (view.is_whole, view.used_by.total, written(view)) == (False, 0, ["1.0.0"])
        assert newcomer.tend()
        view = newcomer.package("Acme.Widgets")
        assert (view.is_whole, view.used_by.total) == (True, 1)
