"""Identify: whose key it is, who signs in, and what they may at that moment."""

from datetime import timedelta

import pytest

from motherlode.domain.accounts import ADMINISTRATOR, PUBLISHER, READER, SERVICE, TEAM
from motherlode.domain.permissions import ADMIN, PUSH, PUSH_VERSION, READ, UNKNOWN_ORIGIN, UNLIST, VERIFY, Actor
from motherlode.domain.refusals import NotAllowed
from motherlode.identity import argon2id
from motherlode.identity.keys import MAX_KEY_BYTES, digest_of, make_key
from motherlode.nuget.ids import parse_package_id
from motherlode.usecases.accounts.accounts import (
    create_account,
    disable_account,
    enable_account,
    set_password,
    set_role,
)
from motherlode.usecases.accounts.teams import add_member
from motherlode.usecases.feeds.roles import grant_role, withdraw_role
from motherlode.usecases.keys.api_keys import create_key, revoke_key
from motherlode.usecases.keys.verification_keys import create_verification_key
from motherlode.usecases.sign_in.identify import (
    BOOTSTRAP,
    CONSOLE,
    Identified,
    identify_again,
    identify_key,
    identify_person,
)
from tests.support.builders import nupkg
from tests.usecases.statements import queries

DAY = timedelta(days=1)
PASSWORD = "correct horse battery"
OTHER = "another horse battery"


def do(services, verb, *args, **kwargs):
    """A use case, by the console."""
    return verb(*args, CONSOLE, **kwargs, db=services.db, clock=services.clock)


def key_of(services, **wishes):
    return do(services, create_key, "ci", **({"lifetime": 90 * DAY} | wishes))


def who(services, secret, *, bootstrap=None):
    presented = secret if isinstance(secret, bytes) else secret.encode()
    return identify_key(presented, bootstrap=bootstrap, db=services.db, clock=services.clock)


def sign_in(services, name="alice", password=PASSWORD):
    return identify_person(name, password, db=services.db)


def come_back(services, proof, name="alice"):
    return identify_again(name, proof=proof, db=services.db)


@pytest.fixture
def alice(services):
    """A person with a password and no role."""
    return do(services, create_account, "Alice", password=PASSWORD)


@pytest.fixture
def hashes(monkeypatch):
    """A list that fills with what the library was asked to compute for a password."""
    seen = []
    core = argon2id.core

    def note(context, kind):
        seen.append(context)
        return core(context, kind)

    monkeypatch.setattr(argon2id, "core", note)
    return seen


class TestKeysOfNobody:
    def test_a_key_says_who_comes_and_what_he_may(self, services):
        services.create_feed("other")
        key = key_of(services, rights=(PUSH_VERSION, UNLIST), globs=("Acme.*", "Contoso"), feeds=("other",))
        assert who(services, key.secret) == Identified(
            Actor(
                key.id,
                frozenset({PUSH_VERSION, UNLIST}),
                ("Acme.*", "Contoso"),
                frozenset({"other"}),
                UNKNOWN_ORIGIN,
                key_id=key.id,
                key_name="ci",
                expires_at=services.clock.now() + 90 * DAY,
                holder=None,
            )
        )

    def test_an_unknown_key_is_nobodys(self, services):
        key_of(services)
        for secret in ("mlk_unknown", make_key().secret, "ü".encode(), b"\xff", b"", b" "):
            assert who(services, secret) is None

    def test_a_key_is_no_key_in_other_casing_or_with_more_around_it(self, services):
        secret = key_of(services).secret
        for other in (secret.swapcase(), f"{secret} ", secret[:-1], f"{secret}a", f" {secret}", f"{secret}\0"):
            assert who(services, other) is None

    def test_what_has_not_the_form_of_a_key_costs_no_query(self, services):
        with queries(services) as statements:
            for secret in (b"", b"password", b"mlk_" + b"a" * 49, b"\xff" * 53, b"x" * 5000):
                assert who(services, secret, bootstrap=digest_of(b"x" * 16)) is None
        assert statements == []

    def test_a_key_is_good_until_the_instant_it_expires(self, services):
        key = key_of(services, lifetime=DAY)
        services.clock.pass_by(DAY - timedelta(microseconds=1))
        assert who(services, key.secret).rejection_reason is None
        services.clock.pass_by(timedelta(microseconds=1))
        assert who(services, key.secret).rejection_reason == "expired"

    def test_a_key_without_an_end_does_not_expire(self, services):
        key = key_of(services, lifetime=None)
        services.clock.pass_by(40_000 * DAY)
        assert who(services, key.secret).rejection_reason is None

    def test_revoking_binds_at_once_and_no_other_key(self, services):
        key, other = key_of(services), key_of(services)
        do(services, revoke_key, key.id)
        assert who(services, key.secret).rejection_reason == "revoked"
        assert who(services, other.secret).rejection_reason is None

    def test_a_key_that_is_no_good_can_be_named_and_may_nothing(self, services):
        key = key_of(services, rights=(ADMIN,))
        do(services, revoke_key, key.id)
        actor = who(services, key.secret).actor
        assert (actor.name, actor.key_id, actor.key_name) == (key.id, key.id, "ci")
        assert actor.rights == frozenset()
        assert not actor.is_administrator


class TestBootstrapKey:
    def test_the_environments_key_is_an_administrators_of_any_form(self, services):
        secret = "any visible form: ~!@#$%^&*()"
        assert who(services, secret, bootstrap=digest_of(secret.encode())) == Identified(BOOTSTRAP)
        assert services.rows("keys") == []

    def test_beside_it_other_keys_stay_good(self, services):
        key = key_of(services)
        assert who(services, key.secret, bootstrap=digest_of(b"x" * 16)).actor.name == key.id
        assert who(services, "y" * 16, bootstrap=digest_of(b"x" * 16)) is None

    def test_a_key_longer_than_a_kilobyte_is_nobodys_unseen(self, services):
        secret = b"x" * (MAX_KEY_BYTES + 1)
        assert who(services, secret, bootstrap=digest_of(secret)) is None
        assert who(services, secret[:-1], bootstrap=digest_of(secret[:-1])) == Identified(BOOTSTRAP)


class TestKeysOfAHolder:
    """A key never can do more than its holder at the time of use."""

    def rights(self, services, key, feed="default"):
        return who(services, key.secret).actor.rights_on(feed)

    def test_it_acts_in_its_holders_name(self, services, alice):
        key = key_of(services, owner="alice")
        actor = who(services, key.secret).actor
        assert (actor.name, actor.key_id, actor.holder.id) == ("Alice", key.id, alice.id)
        assert actor.account_ids == {alice.id}

    def test_each_change_of_a_role_binds_the_next_use(self, services, alice):
        key = key_of(services, owner="alice", rights=(PUSH, READ))
        assert self.rights(services, key) == frozenset()
        do(services, grant_role, "default", "alice", READER)
        assert self.rights(services, key) == {READ}
        do(services, grant_role, "default", "alice", PUBLISHER)
        assert self.rights(services, key) == {PUSH, PUSH_VERSION, READ}
        do(services, withdraw_role, "default", "alice")
        assert self.rights(services, key) == frozenset()
        do(services, set_role, "alice", ADMINISTRATOR)
        assert self.rights(services, key) == {PUSH, PUSH_VERSION, READ}

    def test_a_teams_roles_are_its_members(self, services, alice):
        team = do(services, create_account, "widgets", kind=TEAM)
        do(services, add_member, "widgets", "alice")
        do(services, grant_role, "default", "widgets", PUBLISHER)
        key = key_of(services, owner="alice")
        assert self.rights(services, key) == {PUSH, PUSH_VERSION, UNLIST, READ}
        assert who(services, key.secret).actor.account_ids == {alice.id, team.id}
        do(services, disable_account, "widgets")
        assert self.rights(services, key) == frozenset()

    def test_who_owns_an_id_may_push_its_versions_without_a_role(self, services, alice):
        do(services, grant_role, "default", "alice", PUBLISHER)
        key = key_of(services, owner="alice")
        services.push(nupkg("Acme.Widgets", "1.0.0"), actor=who(services, key.secret).actor)
        do(services, withdraw_role, "default", "alice")
        assert self.rights(services, key) == {PUSH_VERSION, UNLIST, READ}
        services.push(nupkg("Acme.Widgets", "2.0.0"), actor=who(services, key.secret).actor)
        with services.refusing(NotAllowed, match="is new here"):
            services.push(nupkg("Acme.Gadgets", "1.0.0"), actor=who(services, key.secret).actor)

    def test_a_disabled_holders_key_is_no_good_until_he_is_enabled(self, services, alice):
        do(services, set_role, "alice", ADMINISTRATOR)
        key = key_of(services, owner="alice", rights=(ADMIN,))
        do(services, disable_account, "alice")
        found = who(services, key.secret)
        assert found.rejection_reason == "its holder is disabled"
        assert (found.actor.name, found.actor.rights, found.actor.is_administrator) == (key.id, frozenset(), False)
        do(services, enable_account, "alice")
        assert who(services, key.secret).rejection_reason is None

    def test_a_service_accounts_key_is_as_good(self, services):
        do(services, create_account, "build", kind=SERVICE)
        assert who(services, key_of(services, owner="build").secret).actor.name == "build"

    def test_a_verification_key_verifies_one_id_on_one_feed_and_nothing_else(self, services, alice):
        do(services, grant_role, "default", "alice", PUBLISHER)
        maker = who(services, key_of(services, owner="alice").secret).actor
        key = create_verification_key(
            parse_package_id("Acme.Widgets"), maker, feed="default", db=services.db, clock=services.clock
        )
        actor = who(services, key.secret).actor
        assert (actor.rights, actor.feeds, actor.name) == ({VERIFY}, {"default"}, "Alice")
        assert actor.rights_on("default") == {VERIFY}
        assert actor.rights_on("other") == frozenset()
        services.clock.pass_by(DAY)
        assert who(services, key.secret).rejection_reason == "expired"

    def test_a_good_key_takes_four_queries_at_most_and_one_that_ended_as_many_as_an_unknown_one(self, services, alice):
        good, revoked, expired = (key_of(services, owner="alice", lifetime=days * DAY) for days in (9, 9, 1))
        do(services, revoke_key, revoked.id)
        services.clock.pass_by(2 * DAY)
        counts = []
        for key in (make_key(), revoked, expired, good):
            with queries(services) as statements:
                who(services, key.secret)
            counts.append(len(statements))
        assert counts[:3] == [1, 1, 1]
        assert counts[3] <= 4


class TestPeople:
    def test_who_signs_in_may_read_where_he_has_a_role(self, services, alice):
        do(services, grant_role, "default", "alice", PUBLISHER)
        actor, proof = sign_in(services)
        assert (actor.name, actor.rights, actor.key_id, actor.expires_at) == ("Alice", {READ}, None, None)
        assert actor.rights_on("default") == {READ}
        assert actor.rights_on("other") == frozenset()
        assert proof == services.rows("accounts")[0].password

    def test_casing_of_the_name_does_not_count_and_that_of_the_password_does(self, services, alice):
        assert sign_in(services, "ALICE")
        assert sign_in(services, password=PASSWORD.upper()) is None

    def test_an_administrator_who_signed_in_reads_everywhere_and_administers_nothing(self, services, alice):
        do(services, set_role, "alice", ADMINISTRATOR)
        actor, _ = sign_in(services)
        assert actor.rights_on("default") == {READ}
        assert ADMIN not in actor.rights

    def test_nobody_else_signs_in_and_each_costs_one_hash(self, services, alice, hashes):
        do(services, create_account, "bob")
        do(services, create_account, "build", kind=SERVICE)
        do(services, create_account, "widgets", kind=TEAM)
        do(services, create_account, "carol", password=PASSWORD)
        do(services, disable_account, "carol")
        tries = [("alice", OTHER), ("alice", ""), ("nobody", PASSWORD), ("console", PASSWORD), ("", PASSWORD)]
        tries += [(name, PASSWORD) for name in ("bob", "build", "widgets", "carol", "no such\0name", "é", "a" * 5000)]
        for number, (name, password) in enumerate(tries, start=1):
            assert sign_in(services, name, password) is None
            assert len(hashes) == number

    def test_a_password_too_long_to_be_one_costs_nothing_whoever_is_named(self, services, alice, hashes):
        assert sign_in(services, "alice", "x" * 2000) is None
        assert sign_in(services, "nobody", "x" * 2000) is None
        assert hashes == []

    def test_a_wrong_password_takes_as_many_queries_as_an_unknown_name(self, services, alice):
        counts = []
        for name, password in (("nobody", PASSWORD), ("alice", OTHER), ("alice", PASSWORD)):
            with queries(services) as statements:
                sign_in(services, name, password)
            counts.append(len(statements))
        assert counts[0] == counts[1] == 1
        assert counts[2] <= 4

    def test_what_was_proven_before_is_not_hashed_again_while_it_is_still_stored(self, services, alice, hashes):
        actor, proof = sign_in(services)
        do(services, grant_role, "default", "alice", READER)
        hashes.clear()
        again = come_back(services, proof)
        assert hashes == []
        assert (actor.rights_on("default"), again.rights_on("default")) == (frozenset(), {READ})

    def test_after_a_change_of_password_the_proof_is_none(self, services, alice):
        _, proof = sign_in(services)
        do(services, set_password, "alice", OTHER)
        assert come_back(services, proof) is None
        _, newer = sign_in(services, password=OTHER)
        assert newer != proof

    def test_a_proof_is_none_for_who_cannot_sign_in_any_more(self, services, alice):
        _, proof = sign_in(services)
        do(services, disable_account, "alice")
        assert come_back(services, proof) is None
        do(services, enable_account, "alice")
        assert come_back(services, proof)

    def test_signing_in_changes_nothing(self, services, alice):
        before = services.snapshot()
        sign_in(services)
        sign_in(services, password=OTHER)
        assert services.snapshot() == before
