"""Keys: create, rotate, revoke, their last uses, and the key of the first start."""

from datetime import timedelta

import pytest

from motherlode.domain.accounts import PERSON, SERVICE, TEAM
from motherlode.domain.permissions import ADMIN, DELETE, PUSH, PUSH_VERSION, READ, UNLIST
from motherlode.domain.refusals import InvalidSetting, NoSuchAccount, NoSuchFeed, NoSuchKey, NotAllowed
from motherlode.identity.keys import is_well_formed, make_key
from motherlode.usecases.accounts.accounts import disable_account
from motherlode.usecases.keys.api_keys import create_key, revoke_key, rotate_key
from motherlode.usecases.keys.first_key import ensure_first_key
from motherlode.usecases.maintenance.record_usage import record_uses
from motherlode.usecases.sign_in.identify import identify_key

DAY = timedelta(days=1)


def create(services, name="ci", **wishes):
    return services.do(create_key, name, **({"lifetime": 90 * DAY} | wishes))


def who(services, secret):
    """Whoever a key that is good stands for."""
    identified = identify_key(secret.encode(), bootstrap=None, db=services.db, clock=services.clock)
    assert identified is not None
    assert identified.rejection_reason is None
    return identified.actor


def is_good(services, secret):
    identified = identify_key(secret.encode(), bootstrap=None, db=services.db, clock=services.clock)
    return identified is not None and identified.rejection_reason is None


def row_of(services, key_id):
    (row,) = (row for row in services.rows("keys") if row.id == key_id)
    return row


class TestCreateKey:
    def test_a_new_key_says_who_comes_and_what_he_may(self, services):
        services.create_feed("other")
        key = create(services, rights=(PUSH_VERSION, UNLIST), globs=("Acme.*", "Contoso"), feeds=("other",))
        actor = who(services, key.secret)
        assert (actor.name, actor.key_id, actor.key_name, actor.holder) == (key.id, key.id, "ci", None)
        assert (actor.rights, actor.globs) == ({PUSH_VERSION, UNLIST}, ("Acme.*", "Contoso"))
        assert (actor.feeds, actor.expires_at) == ({"other"}, services.clock.now() + 90 * DAY)

    def test_by_default_it_pushes_and_unlists_everything_everywhere(self, services):
        actor = who(services, create(services).secret)
        assert (actor.rights, actor.globs, actor.feeds) == (frozenset({PUSH, UNLIST, READ}), ("*",), None)

    def test_the_secret_is_stored_nowhere(self, services):
        key = create(services)
        assert is_well_formed(key.secret)
        assert key.secret not in repr(services.snapshot())
        assert key.secret.encode() not in services.db.path.read_bytes()

    def test_it_is_written_into_the_audit_by_its_id(self, services):
        key = create(services)
        line = services.last_line()
        assert (line.actor, line.action, line.subject, line.feed) == ("console", "create-key", key.id, None)
        ends = (services.clock.now() + 90 * DAY).isoformat()
        kept = {"name": "ci", "rights": [PUSH, UNLIST, READ], "globs": ["*"], "feeds": None, "expires_at": ends}
        assert line.details == kept | {"owner": None}

    def test_the_right_to_delete_is_given_where_it_is_asked_for_and_never_by_default(self, services):
        assert DELETE not in who(services, create(services).secret).rights
        assert who(services, create(services, rights=(DELETE,)).secret).rights == {DELETE}

    @pytest.mark.parametrize(
        ("wish", "sentence"),
        [
            ({"rights": ("fly",)}, "Unknown right: fly. Choose from push, push-version, unlist"),
            ({"rights": ()}, "needs at least one right"),
            ({"globs": ("Acme.?",)}, "is not a valid package id pattern"),
            ({"globs": ("Acme.[ab]",)}, "is not a valid package id pattern"),
            ({"globs": ("",)}, "is not a valid package id pattern"),
            ({"globs": ("Acme.*", "a b")}, "is not a valid package id pattern"),
            ({"globs": ("a" * 101,)}, "is not a valid package id pattern"),
            ({"name": ""}, "needs a name"),
            ({"name": "  "}, "needs a name"),
            ({"name": "a\nb"}, "needs a name"),
            ({"name": "a" * 101}, "needs a name"),
            ({"name": "a\udcff"}, "needs a name"),
        ],
    )
    def test_what_nothing_would_check_is_refused(self, services, wish, sentence):
        with services.refusing(InvalidSetting, match=sentence):
            create(services, **wish)

    def test_a_feed_that_is_not_there_is_refused(self, services):
        with services.refusing(NoSuchFeed, match="There is no feed called 'othr'"):
            create(services, feeds=("default", "othr"))

    def test_a_key_may_be_for_reading_alone(self, services):
        assert who(services, create(services, rights=(READ,)).secret).rights == {READ}

    @pytest.mark.parametrize("kind", [PERSON, SERVICE])
    def test_a_key_of_somebody_says_whose_it_is(self, services, kind):
        services.add_account("Alice", kind=kind)
        actor = who(services, create(services, owner="alice").secret)
        assert (actor.name, actor.holder.name) == ("Alice", "Alice")

    def test_a_team_has_no_keys_nor_has_who_is_disabled_or_not_there(self, services):
        services.add_account("widgets", kind=TEAM)
        services.add_account("alice")
        services.do(disable_account, "alice")
        for owner in ("widgets", "nobody"):
            with services.refusing(NoSuchAccount, match=f"called {owner!r}"):
                create(services, owner=owner)
        with services.refusing(InvalidSetting, match="alice is disabled"):
            create(services, owner="alice")

    def test_the_servers_maximum_binds(self, services):
        for lifetime in (None, 31 * DAY):
            with services.refusing(InvalidSetting, match="expire after at most 30d"):
                create(services, lifetime=lifetime, max_lifetime=30 * DAY)
        key = create(services, lifetime=30 * DAY, max_lifetime=30 * DAY)
        assert row_of(services, key.id).expires_at == services.clock.now() + 30 * DAY

    def test_one_makes_keys_for_oneself_and_administrators_for_all(self, services):
        for name in ("alice", "bob"):
            services.add_account(name)
        alice, signed_in = services.actor("alice", ADMIN), services.actor("alice", READ, key_id=None)
        assert who(services, create(services, owner="alice", actor=alice).secret).name == "alice"
        assert who(services, create(services, owner="alice", actor=signed_in).secret).name == "alice"
        for owner in ("bob", None):
            with services.refusing(NotAllowed, match="Only an administrator"):
                create(services, owner=owner, actor=alice)
        limited = [
            services.actor("alice", ADMIN, feeds=frozenset({"default"})),
            services.actor("alice", ADMIN, globs=("A*",)),
        ]
        for actor in (services.actor("alice", PUSH), services.actor("alice", READ), *limited):
            with services.refusing(NotAllowed, match="Only an administrator"):
                create(services, owner="alice", actor=actor)


class TestRotateKey:
    """Rotate with an overlap."""

    def rotate(self, services, key_id, **wishes):
        return services.do(rotate_key, key_id, **wishes)

    def test_the_new_key_is_like_the_old_one_and_both_are_good_for_the_overlap(self, services):
        services.create_feed("other")
        services.add_account("alice")
        old = create(services, rights=(PUSH,), globs=("Acme.*",), feeds=("other",), owner="alice", lifetime=30 * DAY)
        services.clock.pass_by(20 * DAY)
        new = self.rotate(services, old.id, overlap=2 * DAY)
        was, now = row_of(services, old.id), row_of(services, new.id)
        for name in ("name", "rights", "globs", "feeds", "account_id", "kind"):
            assert getattr(now, name) == getattr(was, name)
        assert (now.created_at, now.expires_at) == (services.clock.now(), services.clock.now() + 30 * DAY)
        assert (was.replaced_by, was.expires_at) == (new.id, services.clock.now() + 2 * DAY)
        assert is_good(services, old.secret)
        services.clock.pass_by(2 * DAY)
        assert not is_good(services, old.secret)
        assert is_good(services, new.secret)

    def test_a_key_that_ends_sooner_keeps_its_end(self, services):
        old = create(services, lifetime=DAY)
        self.rotate(services, old.id)
        assert row_of(services, old.id).expires_at == services.clock.now() + DAY

    def test_one_that_never_ends_is_followed_by_one_that_never_does(self, services):
        old = create(services, lifetime=None)
        new = self.rotate(services, old.id)
        assert row_of(services, new.id).expires_at is None
        assert row_of(services, old.id).expires_at == services.clock.now() + 7 * DAY

    @pytest.mark.parametrize(
        ("lifetime", "max_lifetime", "expected"),
        [
            (None, 30 * DAY, 30 * DAY),
            (90 * DAY, 30 * DAY, 30 * DAY),
            (20 * DAY, 30 * DAY, 20 * DAY),
            (90 * DAY, None, 90 * DAY),
            (None, None, None),
        ],
    )
    def test_no_new_key_lives_longer_than_the_servers_maximum(self, services, lifetime, max_lifetime, expected):
        old = create(services, lifetime=lifetime)
        services.clock.pass_by(DAY)
        new = self.rotate(services, old.id, max_lifetime=max_lifetime)
        assert row_of(services, new.id).expires_at == (None if expected is None else services.clock.now() + expected)

    def test_an_expired_key_cannot_be_rotated(self, services):
        old, last = create(services, lifetime=DAY), create(services, lifetime=DAY + timedelta(microseconds=1))
        services.clock.pass_by(DAY)
        with services.refusing(InvalidSetting, match=f"The key {old.id} has expired. Create a new one"):
            self.rotate(services, old.id)
        assert is_good(services, self.rotate(services, last.id).secret)

    def test_of_one_that_was_rotated_and_has_ended_it_is_said_into_what(self, services):
        old = create(services)
        new = self.rotate(services, old.id)
        services.clock.pass_by(8 * DAY)
        with services.refusing(InvalidSetting, match=f"was already replaced by {new.id}"):
            self.rotate(services, old.id)

    def test_the_new_key_has_not_been_used(self, services):
        old = create(services)
        record_uses({old.id: (services.clock.now(), "::1")}, db=services.db)
        assert row_of(services, self.rotate(services, old.id).id).last_used_at is None

    def test_what_was_revoked_or_rotated_before_is_refused(self, services):
        revoked, rotated = create(services), create(services)
        services.do(revoke_key, revoked.id)
        new = self.rotate(services, rotated.id)
        with services.refusing(InvalidSetting, match="was revoked. Create a new one"):
            self.rotate(services, revoked.id)
        with services.refusing(InvalidSetting, match=f"was already replaced by {new.id}"):
            self.rotate(services, rotated.id)
        with services.refusing(NoSuchKey):
            self.rotate(services, "key-000000000000")

    def test_the_audit_log_names_both_and_no_secret(self, services):
        old = create(services)
        new = self.rotate(services, old.id)
        line = services.last_line()
        assert (line.action, line.subject, line.details["new_key"]) == ("rotate-key", old.id, new.id)
        assert new.secret not in repr(services.snapshot())

    def test_a_change_of_keys_is_a_change_of_who_may_do_what(self, services):
        old = create(services)
        before = services.rows("access")
        self.rotate(services, old.id)
        assert services.rows("access") != before


class TestWhoMayChangeAKey:
    def test_its_holder_and_administrators_may(self, services):
        for name in ("alice", "bob"):
            services.add_account(name)
        mine, other = create(services, owner="alice"), create(services)
        alice, bob = services.actor("alice", ADMIN), services.actor("bob", ADMIN)
        for verb in (rotate_key, revoke_key):
            for actor, key in ((bob, mine), (alice, other), (services.actor("alice", PUSH), mine)):
                with services.refusing(NotAllowed, match="Only an administrator"):
                    services.do(verb, key.id, actor=actor)
        new = services.do(rotate_key, mine.id, actor=alice)
        services.do(revoke_key, new.id, actor=alice)
        assert not is_good(services, new.secret)


class TestRecordUses:
    def test_the_last_use_of_each_key_is_kept(self, services):
        first, second = create(services), create(services)
        now = services.clock.now()
        record_uses({first.id: (now, "::1"), second.id: (now + DAY, "10.0.0.1")}, db=services.db)
        assert (row_of(services, first.id).last_used_at, row_of(services, first.id).last_used_address) == (now, "::1")
        assert row_of(services, second.id).last_used_at == now + DAY

    def test_it_is_no_change_of_who_may_do_what_and_without_uses_nothing_is_written(self, services):
        key = create(services)
        before, head = services.rows("access"), services.db.head_check()
        record_uses({}, db=services.db)
        assert services.db.head_check() == head
        record_uses({key.id: (services.clock.now(), "::1")}, db=services.db)
        assert services.rows("access") == before


class TestRevokeKey:
    def test_revoking_binds_at_once(self, services):
        key, other = create(services), create(services, "other")
        assert is_good(services, key.secret)
        services.do(revoke_key, key.id)
        assert not is_good(services, key.secret)
        assert who(services, other.secret).name == other.id
        line = services.last_line()
        assert (line.action, line.subject) == ("revoke-key", key.id)

    def test_a_key_that_was_revoked_keeps_its_time(self, services):
        key = create(services)
        services.do(revoke_key, key.id)
        before = services.snapshot()
        services.clock.pass_by(DAY)
        services.do(revoke_key, key.id)
        assert services.snapshot() == before

    def test_a_key_that_is_not_there_is_refused(self, services):
        with services.refusing(NoSuchKey, match="'key list' shows the ids"):
            services.do(revoke_key, "key-000000000000")


class TestEnsureFirstKey:
    @pytest.fixture
    def file(self, tmp_path):
        return tmp_path / "first-key.txt"

    def ensure(self, services, file):
        return ensure_first_key(file, db=services.db, clock=services.clock)

    def test_the_first_key_is_an_administrators_that_never_expires(self, services, file):
        secret = self.ensure(services, file)
        services.clock.pass_by(40_000 * DAY)
        actor = who(services, secret)
        assert (actor.rights, actor.globs, actor.feeds) == ({ADMIN}, ("*",), None)

    def test_its_file_holds_the_key_and_a_line_break_and_is_private(self, services, file):
        secret = self.ensure(services, file)
        assert file.read_bytes() == f"{secret}\n".encode()
        assert file.stat().st_mode & 0o777 == 0o600
        assert [other.name for other in file.parent.glob("*first*")] == ["first-key.txt"]

    def test_a_second_start_makes_none_and_leaves_the_file_alone(self, services, file):
        self.ensure(services, file)
        file.write_text("kept by me\n")
        with_file = services.snapshot()
        assert self.ensure(services, file) is None
        assert file.read_text() == "kept by me\n"
        file.unlink()
        assert self.ensure(services, file) is None
        assert not file.exists()
        assert services.snapshot() == with_file

    def test_after_a_crash_between_file_and_row_the_key_in_the_file_becomes_good(self, services, file):
        """Whoever read it after the first start may use it after the second."""
        secret = make_key().secret
        file.write_text(f"{secret}\n")
        assert self.ensure(services, file) == secret
        assert who(services, secret).rights == {ADMIN}
        assert file.read_text() == f"{secret}\n"

    @pytest.mark.parametrize("content", [b"", b"mlk_", b"hello\n", b"\xff\xfe", b"mlk_" + b"a" * 49])
    def test_a_file_that_holds_no_key_is_replaced_by_one_that_does(self, services, file, content):
        file.write_bytes(content)
        secret = self.ensure(services, file)
        assert file.read_text() == f"{secret}\n"
        assert who(services, secret).rights == {ADMIN}

    def test_a_server_that_has_a_key_gets_no_first_one(self, services, file):
        """Not even when that key is revoked: whoever did so may have meant it."""
        key = create(services)
        services.do(revoke_key, key.id)
        assert self.ensure(services, file) is None
        assert not file.exists()

    def test_a_folder_that_takes_no_file_makes_no_key(self, services, file):
        before = services.snapshot()
        with pytest.raises(OSError, match="absent"):
            self.ensure(services, file.parent / "absent" / "first-key.txt")
        assert services.snapshot() == before
