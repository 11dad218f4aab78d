"""Filters and orders follow what is pushed, unlisted, owned and read again, at the next query."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from motherlode.nuget.archive.zip_reader import Limits
from motherlode.nuget.ids import parse_package_id
from motherlode.search.index import Sort
from motherlode.store.database import schema
from motherlode.store.packages import contents
from motherlode.usecases.accounts.accounts import disable_account
from motherlode.usecases.maintenance.reprocess import rederive
from motherlode.usecases.packages.owners import add_owner, remove_owner
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.support.builders import nupkg


def ids(answer):
    """The ids of an answer, in its order."""
    return [hit["id"] for hit in answer["data"]]


class TestOwners:
    @pytest.fixture
    def owned(self, services):
        """Acme.A and Acme.B here, Acme.A also on another feed; alice and bob own nothing yet."""
        services.create_feed("other")
        for package_id in ("Acme.A", "Acme.B"):
            services.push(nupkg(package_id))
        services.push(nupkg("Acme.A"), feed="other")
        for name in ("alice", "bob"):
            services.add_account(name)
        return services

    def own(self, services, verb, package_id, name, *, feed="default"):
        services.do(verb, parse_package_id(package_id), name, feed=feed)

    @pytest.mark.parametrize(
        "asked", [{"q": "owner:Alice"}, {"owner": "ALICE"}, {"q": "owners:alice", "owner": "alice"}]
    )
    def test_a_change_of_owners_binds_the_next_query(self, owned, worker, asked):
        for _ in range(2):
            assert ids(worker.search(**asked)) == []
        self.own(owned, add_owner, "Acme.A", "alice")
        for _ in range(2):
            assert ids(worker.search(**asked)) == ["Acme.A"]
        self.own(owned, add_owner, "Acme.B", "alice")
        assert ids(worker.search(**asked)) == ["Acme.A", "Acme.B"]
        self.own(owned, add_owner, "Acme.A", "bob")
        self.own(owned, remove_owner, "Acme.A", "alice")
        assert ids(worker.search(**asked)) == ["Acme.B"]

    def test_what_is_owned_on_another_feed_is_not_owned_here(self, owned, worker):
        self.own(owned, add_owner, "Acme.A", "alice", feed="other")
        assert ids(worker.search(owner="alice")) == []

    def test_a_disabled_account_owns_what_it_owned(self, owned, worker):
        self.own(owned, add_owner, "Acme.A", "alice")
        owned.do(disable_account, "alice")
        assert ids(worker.search("owner:alice")) == ["Acme.A"]

    def test_nothing_is_answered_from_memory_that_hangs_on_owners(self, owned, worker):
        """What is at hand is answered at once, on the event loop, where nobody may look into the database."""
        self.own(owned, add_owner, "Acme.A", "alice")
        worker.search("acme")
        assert worker.find("acme") is not None
        assert worker.find("owner:alice") is None
        assert worker.find("", owner="alice") is None


class TestFrameworks:
    def test_a_package_is_found_by_what_its_latest_version_is_made_for(self, services, worker):
        services.push(nupkg("Acme.A", "1.0.0"))
        services.push(nupkg("Acme.B", "1.0.0"))
        assert ids(worker.search(framework="net45")) == []
        services.push(nupkg("Acme.B", "2.0.0", files={"lib/net45/_._": b""}))
        assert ids(worker.search(framework="net45")) == ["Acme.B"]
        assert ids(worker.search(framework="net8.0")) == ["Acme.A", "Acme.B"]
        services.unlist("Acme.B", "2.0.0")
        assert ids(worker.search(framework="net45")) == []

    def test_packages_of_older_versions_are_found_once_they_are_read_again(self, services, start):
        services.push(nupkg("Acme.A"))
        entry = services.get("acme.a", "1.0.0")
        older = {name: said for name, said in entry.facts.items() if name != "frameworks"}
        with services.db.write() as tx:
            tx.execute(update(schema.contents).values(facts=older))
            contents.mark_read(tx, [entry.content_id], 1)
        worker = start()
        assert ids(worker.search(framework="netstandard")) == []
        rederive(
            CONSOLE,
            db=services.db,
            blobs=services.blobs,
            clock=services.clock,
            limits=Limits(),
            report=print,
            advance=lambda done, total: None,
        )
        assert ids(worker.search(framework="netstandard")) == ["Acme.A"]


class TestDependencies:
    def test_what_depends_on_an_id_in_any_of_its_groups_is_found(self, services, worker):
        services.push(nupkg("Acme.Base"))
        services.push(nupkg("Acme.A", groups={"net8.0": {"ACME.base": "1.0"}, "net48": {}}))
        services.push(nupkg("Acme.B", dependencies={"Acme.Base.More": None}))
        assert ids(worker.search(dependency="acme.base")) == ["Acme.A"]
        services.push(nupkg("Acme.A", "2.0.0"))
        assert ids(worker.search(dependency="acme.base")) == []


class TestNewest:
    def test_it_goes_by_when_the_latest_version_was_pushed(self, services, worker):
        for package_id, version in (("Acme.A", "1.0.0"), ("Acme.B", "1.0.0"), ("Acme.C", "1.0.0"), ("Acme.A", "0.9.0")):
            services.clock.pass_by(timedelta(minutes=1))
            services.push(nupkg(package_id, version))
        assert ids(worker.search(sort=Sort.NEWEST)) == ["Acme.C", "Acme.B", "Acme.A"]
        services.clock.pass_by(timedelta(minutes=1))
        services.push(nupkg("Acme.A", "1.1.0"))
        assert ids(worker.search(sort=Sort.NEWEST)) == ["Acme.A", "Acme.C", "Acme.B"]
        services.unlist("Acme.A", "1.1.0")
        assert ids(worker.search(sort=Sort.NEWEST)) == ["Acme.C", "Acme.B", "Acme.A"]

    def test_an_audience_has_an_order_of_its_own(self, services, worker):
        for package_id, version in (("Acme.A", "1.0.0"), ("Acme.B", "1.0.0"), ("Acme.A", "2.0.0-rc.1")):
            services.clock.pass_by(timedelta(minutes=1))
            services.push(nupkg(package_id, version))
        assert ids(worker.search(sort=Sort.NEWEST)) == ["Acme.A", "Acme.B"]
        assert ids(worker.search(sort=Sort.NEWEST, prerelease=False)) == ["Acme.B", "Acme.A"]
