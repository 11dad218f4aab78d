"""Sessions of browsers: when one begins, what it is good for, and what ends it."""

from datetime import timedelta

import pytest

from motherlode.domain.accounts import ADMINISTRATOR
from motherlode.domain.permissions import ADMIN, READ, Actor, Sender
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
SENDER = Sender("192.0.2.7", "Mosaic/0.9", "request-1")


def do(house, verb, *args, **kwargs):
    """A use case, by the console."""
    return verb(*args, CONSOLE, **kwargs, db=house.db, clock=house.clock)


def person(house, name="alice"):
    """Who signs in, and the hash that his password was proven against."""
    actor, proof = identify_person(name, PASSWORD, db=house.db)
    return actor.sent_by(SENDER), proof


def start(house, actor, proof, *, lifetime=HOUR, replaced=None):
    return start_session(actor, proof, lifetime=lifetime, replaced=replaced, db=house.db, clock=house.clock)


def find(house, session):
    return find_session(session.secret, db=house.db, clock=house.clock)


def number(house):
    with house.db.read() as tx:
        return permissions_version.number(tx)


@pytest.fixture
def alice(house):
    """A person who may sign in, and the hash of her password."""
    do(house, create_account, "Alice", password=PASSWORD)
    return person(house)


class TestStarting:
    def test_it_lets_its_person_read_and_no_more(self, house, alice):
        found = find(house, start(house, *alice))
        assert (found.actor.name, found.actor.rights, found.actor.key_id) == ("Alice", frozenset({READ}), None)
        assert found.expires_at == house.clock.now() + HOUR

    def test_an_administrator_reads_everything_with_it_and_administers_nothing(self, house, alice):
        session = start(house, *alice)
        do(house, set_role, "alice", ADMINISTRATOR)
        found = find(house, session)
        assert found.actor.rights_on("default") == {READ}
        with pytest.raises(NotAllowed):
            create_account("bob", found.actor, db=house.db, clock=house.clock)

    def test_only_its_digest_is_kept_with_where_it_came_from(self, house, alice):
        session = start(house, *alice)
        with house.db.read() as tx:
            row = sessions.find(tx, session.digest)
        assert (row.address, row.client) == ("192.0.2.7", "Mosaic/0.9")
        assert session.secret.encode() not in repr(row).encode()

    def test_it_is_written_down(self, house, alice):
        start(house, *alice)
        with house.db.read() as tx:
            line = audit.find(tx, action="sign-in")[-1]
        assert (line.actor, line.subject, line.address, line.request_id) == ("Alice", "Alice", "192.0.2.7", "request-1")

    def test_no_worker_judges_anew_because_somebody_signed_in(self, house, alice):
        before = number(house)
        start(house, *alice)
        assert number(house) == before

    @pytest.mark.parametrize("change", [disable_account, set_password])
    def test_a_change_since_the_password_was_proven_refuses_it(self, house, alice, change):
        do(house, change, "alice", *([OTHER] if change is set_password else []))
        with pytest.raises(SignInRefused):
            start(house, *alice)
        with house.db.read() as tx:
            assert audit.find(tx, action="sign-in") == []

    def test_it_replaces_the_one_that_the_browser_had(self, house, alice):
        older = start(house, *alice)
        before = number(house)
        assert find(house, start(house, *alice, replaced=older.digest)) is not None
        assert find(house, older) is None
        assert number(house) == before + 1

    def test_the_oldest_goes_when_there_are_too_many(self, house, alice):
        started = []
        for _ in range(MOST_SESSIONS + 2):
            started.append(start(house, *alice))
            house.clock.pass_by(timedelta(seconds=1))
        assert [find(house, session) is not None for session in started] == [False] * 2 + [True] * MOST_SESSIONS

    def test_others_keep_theirs_however_many_one_has(self, house, alice):
        do(house, create_account, "bob", password=PASSWORD)
        bobs = start(house, *person(house, "bob"))
        for _ in range(MOST_SESSIONS + 1):
            start(house, *alice)
        assert find(house, bobs) is not None


class TestEnding:
    def test_it_ends_when_its_person_signs_out(self, house, alice):
        session, other = start(house, *alice), start(house, *alice)
        before = number(house)
        for _ in range(2):
            end_session(session.digest, alice[0], db=house.db, clock=house.clock)
        assert (find(house, session), find(house, other) is not None) == (None, True)
        assert number(house) == before + 1
        with house.db.read() as tx:
            assert [line.actor for line in audit.find(tx, action="sign-out")] == ["Alice"]

    @pytest.mark.parametrize("change", [disable_account, set_password])
    def test_all_end_with_the_password_and_with_the_user_for_good(self, house, alice, change):
        started = [start(house, *alice) for _ in range(3)]
        do(house, change, "alice", *([OTHER] if change is set_password else []))
        do(house, enable_account, "alice")
        assert [find(house, session) for session in started] == [None] * 3

    def test_the_time_of_it_ends_it(self, house, alice):
        session = start(house, *alice)
        house.clock.pass_by(HOUR - timedelta(seconds=1))
        assert find(house, session) is not None
        house.clock.pass_by(timedelta(seconds=1))
        assert find(house, session) is None

    def test_those_whose_time_is_over_are_forgotten_at_the_next_sign_in_and_by_the_job(self, house, alice):
        old = start(house, *alice)
        house.clock.pass_by(HOUR)
        start(house, *alice)
        with house.db.read() as tx:
            assert sessions.find(tx, old.digest) is None
        house.clock.pass_by(HOUR)
        before = number(house)
        assert purge_sessions(db=house.db, clock=house.clock) == 1
        assert number(house) == before

    def test_what_is_no_secret_costs_no_query(self, house):
        for text in ("", "x" * 42, "x" * 44, "\N{SNOWMAN}" * 43, "mlk_" + "0" * 49):
            with queries(house) as asked:
                assert find_session(text, db=house.db, clock=house.clock) is None
            assert asked == []

    def test_a_secret_that_nobody_has_is_none(self, house, alice):
        assert find(house, make_session()) is None


class TestTheFirstAdministrator:
    def make(self, house, actor=BOOTSTRAP, name="root", password=PASSWORD):
        return make_first_administrator(name, password, actor, lifetime=HOUR, db=house.db, clock=house.clock)

    def key(self, house, *rights):
        secret = do(house, create_key, "ci", rights=rights, lifetime=HOUR).secret
        return identify_key(secret.encode(), bootstrap=None, db=house.db, clock=house.clock).actor

    def test_he_is_made_and_signed_in(self, house):
        assert is_first_use(db=house.db)
        found = find(house, self.make(house, self.key(house, ADMIN)))
        assert (found.actor.name, found.actor.is_administrator) == ("root", True)
        assert person(house, "root")[0].name == "root"
        assert not is_first_use(db=house.db)

    def test_users_without_a_password_and_service_accounts_are_in_nobodys_way(self, house):
        do(house, create_account, "dora")
        do(house, create_account, "build", kind="service")
        assert is_first_use(db=house.db)
        self.make(house)

    @pytest.mark.parametrize("is_disabled", [False, True])
    def test_where_a_person_has_a_password_nobody_is_made(self, house, alice, is_disabled):
        if is_disabled:
            do(house, disable_account, "alice")
        with pytest.raises(NotAllowed, match="There is a user already"):
            self.make(house)
        self.assert_nobody(house)

    def test_only_an_administrators_key_makes_him(self, house):
        for actor in (self.key(house, READ), Actor("key-1", frozenset({ADMIN}), globs=("a.*",))):
            with pytest.raises(NotAllowed):
                self.make(house, actor)
        self.assert_nobody(house)

    def test_a_key_that_was_revoked_meanwhile_does_not(self, house):
        actor = self.key(house, ADMIN)
        do(house, revoke_key, actor.key_id)
        with pytest.raises(KeyRefused):
            self.make(house, actor)
        self.assert_nobody(house)

    def test_a_name_that_is_taken_and_a_short_password_make_nobody(self, house):
        do(house, create_account, "root", kind="service")
        with pytest.raises(AccountExists):
            self.make(house)
        with pytest.raises(InvalidPassword):
            self.make(house, name="rita", password="short")
        with house.db.read() as tx:
            assert not accounts.has_person(tx)

    def assert_nobody(self, house):
        with house.db.read() as tx:
            assert accounts.find(tx, "root") is None
            assert audit.find(tx, action="sign-in") == []
