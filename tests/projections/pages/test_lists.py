"""Lists of packages: a feed's home, what a search finds, the versions of an id; and whose an id is."""

from datetime import timedelta

import pytest

from motherlode.domain.permissions import ADMIN, READ, RIGHTS, Actor
from motherlode.domain.refusals import NoSuchVersion, SearchUnready
from motherlode.nuget.ids import parse_package_id
from motherlode.projections.pages.queries import HOME_CARDS, MAX_RELEASES
from motherlode.search.index import Sort
from motherlode.usecases.packages.owners import add_owner
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.projections.pages.page_reader import names
from tests.support.builders import nupkg


def push(services, *identities, feed="default", **more):
    """Push packages, a minute after each other."""
    for identity in identities:
        services.clock.pass_by(timedelta(minutes=1))
        services.push(nupkg(*identity.split(), **more), feed=feed)


class TestHome:
    def test_an_empty_feed_has_nothing(self, looker):
        home = looker.home()
        assert (home.total, home.newest, home.popular) == (0, (), ())

    def test_the_newest_are_those_whose_latest_version_was_pushed_last(self, services, looker):
        push(services, "Acme.A 1.0.0", "Acme.B 2.0.0", "Acme.C 1.0.0-rc.1", "Acme.B 1.0.0", "Acme.A 1.1.0")
        home = looker.home()
        assert (home.total, names(home.newest)) == (3, ["Acme.A 1.1.0", "Acme.C 1.0.0-rc.1", "Acme.B 2.0.0"])
        assert home.newest[0].published_at == services.clock.now()

    def test_at_most_eight_of_each_are_shown(self, services, looker):
        push(services, *(f"Acme.N{number} 1.0.0" for number in range(HOME_CARDS + 2)))
        home = looker.home()
        assert (home.total, len(home.newest), len(home.popular)) == (HOME_CARDS + 2, HOME_CARDS, HOME_CARDS)

    def test_the_most_downloaded_are_in_the_order_of_the_counts_they_show(self, services, looker):
        push(services, "Acme.A 1.0.0", "Acme.B 1.0.0", "Acme.B 2.0.0", "Acme.C 1.0.0")
        for version in ("1.0.0", "2.0.0"):
            looker.download("Acme.B", 2, version=version)
        looker.download("Acme.C", 3)
        popular = looker.home().popular
        assert [(card.identity.id.written, card.downloads) for card in popular] == [
            ("Acme.B", 4),
            ("Acme.C", 3),
            ("Acme.A", 0),
        ]

    def test_those_that_became_popular_take_the_places_of_others_with_the_next_ranking(self, services, looker):
        push(services, *(f"Acme.N{number} 1.0.0" for number in range(HOME_CARDS + 2)))
        looker.home()
        looker.download("Acme.N9", 5)
        before = looker.searching.generation
        assert (looker.home().popular[0].downloads, looker.searching.generation) == (0, before)
        looker.searching._follower.rank()
        assert looker.searching.generation != before
        assert [(card.identity.id.written, card.downloads) for card in looker.home().popular[:2]] == [
            ("Acme.N9", 5),
            ("Acme.N0", 0),
        ]

    def test_those_with_a_stable_version_are_what_a_search_finds_by_default(self, services, looker):
        push(services, "Acme.A 1.0.0", "Acme.A 2.0.0-rc.1", "Acme.B 1.0.0-rc.1", "Acme.C 1.0.0+build")
        assert (looker.home().total, looker.home().stable) == (3, 2)

    def test_what_is_unlisted_or_on_another_feed_is_not_shown(self, services, looker):
        services.create_feed("tools")
        push(services, "Acme.Tools 1.0.0", feed="tools")
        push(services, "Acme.A 1.0.0", "Acme.A 2.0.0", "Acme.B 1.0.0")
        services.unlist("Acme.A", "2.0.0")
        services.unlist("Acme.B", "1.0.0")
        home = looker.home()
        assert (home.total, names(home.newest), names(home.popular)) == (1, ["Acme.A 1.0.0"], ["Acme.A 1.0.0"])
        assert names(looker.home("tools").newest) == ["Acme.Tools 1.0.0"]

    def test_each_push_is_shown_at_once(self, services, looker):
        for number in range(3):
            push(services, f"Acme.N{number} 1.0.0")
            assert names(looker.home().newest)[0] == f"Acme.N{number} 1.0.0"

    def test_without_an_index_there_is_no_home_yet(self, newcomer):
        with pytest.raises(SearchUnready):
            newcomer.home()


class TestSearch:
    def test_what_is_found_comes_as_cards_in_the_order_that_was_asked_for(self, services, looker):
        push(services, "Acme.A 1.0.0", "Acme.B 1.0.0", "Other 1.0.0", "Acme.A 2.0.0-rc.1")
        found = looker.search("acme", sort=Sort.NEWEST)
        assert (found.total, names(found.cards)) == (2, ["Acme.A 2.0.0-rc.1", "Acme.B 1.0.0"])

    def test_the_total_counts_all_pages(self, services, looker):
        push(services, *(f"Acme.N{number} 1.0.0" for number in range(5)))
        found = looker.search("acme", sort=Sort.NEWEST, skip=3, take=2)
        assert (found.total, names(found.cards)) == (5, ["Acme.N1 1.0.0", "Acme.N0 1.0.0"])

    def test_cards_show_the_downloads_of_all_versions(self, services, looker):
        push(services, "Acme.A 1.0.0", "Acme.A 2.0.0")
        for version in ("1.0.0", "2.0.0"):
            looker.download("Acme.A", 2, version=version)
        assert [card.downloads for card in looker.search("acme").cards] == [4]

    def test_nothing_found_is_nothing_shown(self, looker):
        assert (looker.search("nowhere").total, looker.search("nowhere").cards) == (0, ())


class TestVersions:
    def test_listed_versions_are_told_the_last_pushed_first(self, services, looker):
        push(services, "Acme.A 1.0.0", "acme.a 2.0.0", "Acme.A 1.0.1", "Acme.A 3.0.0")
        services.unlist("Acme.A", "3.0.0")
        view = looker.versions("ACME.A")
        assert names(view.releases) == ["Acme.A 1.0.1", "acme.a 2.0.0", "Acme.A 1.0.0"]
        assert (view.id.written, view.changed_at) == ("acme.a", services.clock.now())

    def test_at_most_a_hundred_are_told(self, services, looker):
        push(services, *(f"Acme.A 1.0.{number}" for number in range(MAX_RELEASES + 1)))
        releases = looker.versions("Acme.A").releases
        assert (len(releases), str(releases[-1].identity.version)) == (MAX_RELEASES, "1.0.1")

    def test_an_id_of_which_nothing_is_listed_is_not_there(self, services, looker):
        push(services, "Acme.A 1.0.0")
        services.unlist("Acme.A", "1.0.0")
        for name in ("Acme.A", "Acme.B"):
            with pytest.raises(NoSuchVersion):
                looker.versions(name)


class TestWhoseAnIdIs:
    @pytest.fixture
    def owned(self, services, looker):
        """An id that Alice owns, and beside her Bob, and Root the administrator."""
        push(services, "Acme.A 1.0.0")
        for name, role in (("alice", None), ("bob", None), ("root", "administrator")):
            services.add_account(name, role=role)
        services.do(add_owner, parse_package_id("Acme.A"), "alice", feed="default")
        return looker

    @pytest.mark.parametrize(
        ("name", "rights", "is_own"),
        [
            ("alice", (READ,), True),
            ("bob", (READ, ADMIN), False),
            ("root", (READ,), True),
        ],
    )
    def test_an_id_is_its_owners_and_the_administrators(self, services, owned, name, rights, is_own):
        actor = services.actor(name, *rights)
        assert owned.showing.is_own(owned.feed(), parse_package_id("acme.a"), actor) is is_own
        assert owned.showing.is_own(owned.feed(), parse_package_id("Acme.B"), actor) is (name == "root")

    def test_a_key_of_nobodys_owns_nothing_unless_it_is_an_administrators(self, services, owned):
        assert owned.showing.is_own(owned.feed(), parse_package_id("Acme.A"), CONSOLE)
        plain = Actor("ci", frozenset(RIGHTS) - {ADMIN})
        assert not owned.showing.is_own(owned.feed(), parse_package_id("Acme.A"), plain)
