"""Sessions of browsers: when one begins, what it is good for, and what ends it."""

from datetime import timedelta

import pytest

from motherlode.domain.accounts import ADMINISTRATOR
from motherlode.domain.permissions import ADMIN, READ, Actor, RequestOrigin
from motherlode.domain.refusals import AccountExists, InvalidPassword, KeyRefused, NotAllowed, SignInRefused
from motherlode.identity.sessions import make_session
from motherlode.store.accounts import accounts, permissions_version, sessions
from motherlode.store.audit import log as audit
from motherlode.usecases.accounts.accounts import (
    create_account,
    disable_account,
    enable_account,
    set_password,
    set_role,
)
from motherlode.usecases.accounts.first_administrator import is_first_use, make_first_administrator
from motherlode.usecases.keys.api_keys import create_key, revoke_key
from motherlode.usecases.sign_in.identify import BOOTSTRAP, CONSOLE, identify_key, identify_person
from motherlode.usecases.sign_in.sessions import MOST_SESSIONS, end_session, find_session, purge_sessions, start_session
from tests.usecases.statements import queries

HOUR = timedelta(hours=1)
PASSWORD = "correct horse battery"
OTHER = "another horse battery"
SENDER = RequestOrigin("192.0.2.7", "Mosaic/0.9", "request-1")


def do(services, verb, *args, **kwargs):
    """A use case, by the console."""
    return verb(*args, CONSOLE, **kwargs, db=services.db, clock=services.clock)


def person(services, name="alice"):
    """Who signs in, and the hash that his password was proven against."""
    actor, proof = identify_person(name, PASSWORD, db=services.db)
    return actor.sent_by(SENDER), proof


def start(services, actor, proof, *, lifetime=HOUR, replaced=None):
    return start_session(actor, proof, lifetime=lifetime, replaced=replaced, db=services.db, clock=services.clock)


def find(services, session):
    return find_session(session.secret, db=services.db, clock=services.clock)


def number(services):
    with services.db.read() as tx:
        return permissions_version.number(tx)


@pytest.fixture
def alice(services):
    """A person who may sign in, and the hash of her password."""
    do(services, create_account, "Alice", password=PASSWORD)
    return person(services)


class TestStarting:
    def test_it_lets_its_person_read_and_no_more(self, services, alice):
        found = find(services, start(services, *alice))
        assert (found.actor.name, found.actor.rights, found.actor.key_id) == ("Alice", frozenset({READ}), None)
        assert found.expires_at == services.clock.now() + HOUR

    def test_an_administrator_reads_everything_with_it_and_administers_nothing(self, services, alice):
        session = start(services, *alice)
        do(services, set_role, "alice", ADMINISTRATOR)
        found = find(services, session)
        assert found.actor.rights_on("default") == {READ}
        with pytest.raises(NotAllowed):
            create_account("bob", found.actor, db=services.db, clock=services.clock)

    def test_only_its_digest_is_kept_with_where_it_came_from(self, services, alice):
        session = start(services, *alice)
        with services.db.read() as tx:
            row = sessions.find(tx, session.digest)
        assert (row.address, row.client) == ("192.0.2.7", "Mosaic/0.9")
        assert session.secret.encode() not in repr(row).encode()

    def test_it_is_written_down(self, services, alice):
        start(services, *alice)
        with services.db.read() as tx:
            line = audit.find(tx, action="sign-in")[-1]
        assert (line.actor, line.subject, line.address, line.request_id) == ("Alice", "Alice", "192.0.2.7", "request-1")

    def test_no_worker_judges_anew_because_somebody_signed_in(self, services, alice):
        before = number(services)
        start(services, *alice)
        assert number(services) == before

    @pytest.mark.parametrize("change", [disable_account, set_password])
    def test_a_change_since_the_password_was_proven_refuses_it(self, services, alice, change):
        do(services, change, "alice", *([OTHER] if change is set_password else []))
        with pytest.raises(SignInRefused):
            start(services, *alice)
        with services.db.read() as tx:
            assert audit.find(tx, action="sign-in") == []

    def test_it_replaces_the_one_that_the_browser_had(self, services, alice):
        older = start(services, *alice)
        before = number(services)
        assert find(services, start(services, *alice, replaced=older.digest)) is not None
        assert find(services, older) is None
        assert number(services) == before + 1

    def test_the_oldest_goes_when_there_are_too_many(self, services, alice):
        started = []
        for _ in range(MOST_SESSIONS + 2):
            started.append(start(services, *alice))
            services.clock.pass_by(timedelta(seconds=1))
        assert [find(services, session) is not None for session in started] == [False] * 2 + [True] * MOST_SESSIONS

    def test_others_keep_theirs_however_many_one_has(self, services, alice):
        do(services, create_account, "bob", password=PASSWORD)
        bobs = start(services, *person(services, "bob"))
        for _ in range(MOST_SESSIONS + 1):
            start(services, *alice)
        assert find(services, bobs) is not None


class TestEnding:
    def test_it_ends_when_its_person_signs_out(self, services, alice):
        session, other = start(services, *alice), start(services, *alice)
        before = number(services)
        for _ in range(2):
            end_session(session.digest, alice[0], db=services.db, clock=services.clock)
        assert (find(services, session), find(services, other) is not None) == (None, True)
        assert number(services) == before + 1
        with services.db.read() as tx:
            assert [line.actor for line in audit.find(tx, action="sign-out")] == ["Alice"]

    @pytest.mark.parametrize("change", [disable_account, set_password])
    def test_all_end_with_the_password_and_with_the_user_for_good(self, services, alice, change):
        started = [start(services, *alice) for _ in range(3)]
        do(services, change, "alice", *([OTHER] if change is set_password else []))
        do(services, enable_account, "alice")
        assert [find(services, session) for session in started] == [None] * 3

    def test_the_time_of_it_ends_it(self, services, alice):
        session = start(services, *alice)
        services.clock.pass_by(HOUR - timedelta(seconds=1))
        assert find(services, session) is not None
        services.clock.pass_by(timedelta(seconds=1))
        assert find(services, session) is None

    def test_those_whose_time_is_over_are_forgotten_at_the_next_sign_in_and_by_the_job(self, services, alice):
        old = start(services, *alice)
        services.clock.pass_by(HOUR)
        start(services, *alice)
        with services.db.read() as tx:
            assert sessions.find(tx, old.digest) is None
        services.clock.pass_by(HOUR)
        before = number(services)
        assert purge_sessions(db=services.db, clock=services.clock) == 1
        assert number(services) == before

    def test_what_is_no_secret_costs_no_query(self, services):
        for text in ("", "x" * 42, "x" * 44, "\N{SNOWMAN}" * 43, "mlk_" + "0" * 49):
            with queries(services) as asked:
                assert find_session(text, db=services.db, clock=services.clock) is None
            assert asked == []

    def test_a_secret_that_nobody_has_is_none(self, services, alice):
        assert find(services, make_session()) is None


class TestTheFirstAdministrator:
    def make(self, services, actor=BOOTSTRAP, name="root", password=PASSWORD):
        return make_first_administrator(name, password, actor, lifetime=HOUR, db=services.db, clock=services.clock)

    def key(self, services, *rights):
        secret = do(services, create_key, "ci", rights=rights, lifetime=HOUR).secret
        return identify_key(secret.encode(), bootstrap=None, db=services.db, clock=services.clock).actor

    def test_he_is_made_and_signed_in(self, services):
        assert is_first_use(db=services.db)
        found = find(services, self.make(services, self.key(services, ADMIN)))
        assert (found.actor.name, found.actor.is_administrator) == ("root", True)
        assert person(services, "root")[0].name == "root"
        assert not is_first_use(db=services.db)

    def test_users_without_a_password_and_service_accounts_are_in_nobodys_way(self, services):
        do(services, create_account, "dora")
        do(services, create_account, "build", kind="service")
        assert is_first_use(db=services.db)
        self.make(services)

    @pytest.mark.parametrize("is_disabled", [False, True])
    def test_where_a_person_has_a_password_nobody_is_made(self, services, alice, is_disabled):
        if is_disabled:
            do(services, disable_account, "alice")
        with pytest.raises(NotAllowed, match="This server already has a user"):
            self.make(services)
        self.assert_nobody(services)

    def test_only_an_administrators_key_makes_him(self, services):
        for actor in (self.key(services, READ), Actor("key-1", frozenset({ADMIN}), globs=("a.*",))):
            with pytest.raises(NotAllowed):
                self.make(services, actor)
        self.assert_nobody(services)

    def test_a_key_that_was_revoked_meanwhile_does_not(self, services):
        actor = self.key(services, ADMIN)
        do(services, revoke_key, actor.key_id)
        with pytest.raises(KeyRefused):
            self.make(services, actor)
        self.assert_nobody(services)

    def test_a_name_that_is_taken_and_a_short_password_make_nobody(self, services):
        do(services, create_account, "root", kind="service")
        with pytest.raises(AccountExists):
            self.make(services)
        with pytest.raises(InvalidPassword):
            self.make(services, name="rita", password="short")
        with services.db.read() as tx:
            assert not accounts.has_person(tx)

    def assert_nobody(self, services):
        with services.db.read() as tx:
            assert accounts.find(tx, "root") is None
            assert audit.find(tx, action="sign-in") == []
