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


def create(house, name="ci", **wishes):
    return house.do(create_key, name, **({"lifetime": 90 * DAY} | wishes))


def who(house, secret):
    """Whoever a key that is good stands for."""
    identified = identify_key(secret.encode(), bootstrap=None, db=house.db, clock=house.clock)
    assert identified is not None
    assert identified.why_not is None
    return identified.actor


def is_good(house, secret):
    identified = identify_key(secret.encode(), bootstrap=None, db=house.db, clock=house.clock)
    return identified is not None and identified.why_not is None


def row_of(house, key_id):
    (row,) = (row for row in house.rows("keys") if row.id == key_id)
    return row


class TestCreateKey:
    def test_a_new_key_says_who_comes_and_what_he_may(self, house):
        house.create_feed("other")
        key = create(house, rights=(PUSH_VERSION, UNLIST), globs=("Acme.*", "Contoso"), feeds=("other",))
        actor = who(house, key.secret)
        assert (actor.name, actor.key_id, actor.key_name, actor.holder) == (key.id, key.id, "ci", None)
        assert (actor.rights, actor.globs) == ({PUSH_VERSION, UNLIST}, ("Acme.*", "Contoso"))
        assert (actor.feeds, actor.expires_at) == ({"other"}, house.clock.now() + 90 * DAY)

    def test_by_default_it_pushes_and_unlists_everything_everywhere(self, house):
        actor = who(house, create(house).secret)
        assert (actor.rights, actor.globs, actor.feeds) == (frozenset({PUSH, UNLIST, READ}), ("*",), None)

    def test_the_secret_is_stored_nowhere(self, house):
        key = create(house)
        assert is_well_formed(key.secret)
        assert key.secret not in repr(house.snapshot())
        assert key.secret.encode() not in house.db.path.read_bytes()

    def test_it_is_written_into_the_audit_by_its_id(self, house):
        key = create(house)
        line = house.last_line()
        assert (line.actor, line.action, line.subject, line.feed) == ("console", "create-key", key.id, None)
        ends = (house.clock.now() + 90 * DAY).isoformat()
        kept = {"name": "ci", "rights": [PUSH, UNLIST, READ], "globs": ["*"], "feeds": None, "expires_at": ends}
        assert line.details == kept | {"owner": None}

    def test_the_right_to_delete_is_given_where_it_is_asked_for_and_never_by_default(self, house):
        assert DELETE not in who(house, create(house).secret).rights
        assert who(house, create(house, rights=(DELETE,)).secret).rights == {DELETE}

    @pytest.mark.parametrize(
        ("wish", "sentence"),
        [
            ({"rights": ("fly",)}, "There is no right fly: use some of push, push-version, unlist"),
            ({"rights": ()}, "There is no right"),
            ({"globs": ("Acme.?",)}, "is no pattern of ids"),
            ({"globs": ("Acme.[ab]",)}, "is no pattern of ids"),
            ({"globs": ("",)}, "is no pattern of ids"),
            ({"globs": ("Acme.*", "a b")}, "is no pattern of ids"),
            ({"globs": ("a" * 101,)}, "is no pattern of ids"),
            ({"name": ""}, "needs a name"),
            ({"name": "  "}, "needs a name"),
            ({"name": "a\nb"}, "needs a name"),
            ({"name": "a" * 101}, "needs a name"),
            ({"name": "a\udcff"}, "needs a name"),
        ],
    )
    def test_what_nothing_would_check_is_refused(self, house, wish, sentence):
        with house.refusing(InvalidSetting, match=sentence):
            create(house, **wish)

    def test_a_feed_that_is_not_there_is_refused(self, house):
        with house.refusing(NoSuchFeed, match="There is no feed called 'othr'"):
            create(house, feeds=("default", "othr"))

    def test_a_key_may_be_for_reading_alone(self, house):
        assert who(house, create(house, rights=(READ,)).secret).rights == {READ}

    @pytest.mark.parametrize("kind", [PERSON, SERVICE])
    def test_a_key_of_somebody_says_whose_it_is(self, house, kind):
        house.add_account("Alice", kind=kind)
        actor = who(house, create(house, owner="alice").secret)
        assert (actor.name, actor.holder.name) == ("Alice", "Alice")

    def test_a_team_has_no_keys_nor_has_who_is_disabled_or_not_there(self, house):
        house.add_account("widgets", kind=TEAM)
        house.add_account("alice")
        house.do(disable_account, "alice")
        for owner in ("widgets", "nobody"):
            with house.refusing(NoSuchAccount, match=f"called {owner!r}"):
                create(house, owner=owner)
        with house.refusing(InvalidSetting, match="alice is disabled"):
            create(house, owner="alice")

    def test_the_servers_maximum_binds(self, house):
        for lifetime in (None, 31 * DAY):
            with house.refusing(InvalidSetting, match="ends after 30d at the latest"):
                create(house, lifetime=lifetime, max_lifetime=30 * DAY)
        key = create(house, lifetime=30 * DAY, max_lifetime=30 * DAY)
        assert row_of(house, key.id).expires_at == house.clock.now() + 30 * DAY

    def test_one_makes_keys_for_oneself_and_administrators_for_all(self, house):
        for name in ("alice", "bob"):
            house.add_account(name)
        alice, signed_in = house.actor("alice", ADMIN), house.actor("alice", READ, key_id=None)
        assert who(house, create(house, owner="alice", actor=alice).secret).name == "alice"
        assert who(house, create(house, owner="alice", actor=signed_in).secret).name == "alice"
        for owner in ("bob", None):
            with house.refusing(NotAllowed, match="Only an administrator"):
                create(house, owner=owner, actor=alice)
        limited = [
            house.actor("alice", ADMIN, feeds=frozenset({"default"})),
            house.actor("alice", ADMIN, globs=("A*",)),
        ]
        for actor in (house.actor("alice", PUSH), house.actor("alice", READ), *limited):
            with house.refusing(NotAllowed, match="Only an administrator"):
                create(house, owner="alice", actor=actor)


class TestRotateKey:
    """Rotate with an overlap."""

    def rotate(self, house, key_id, **wishes):
        return house.do(rotate_key, key_id, **wishes)

    def test_the_new_key_is_like_the_old_one_and_both_are_good_for_the_overlap(self, house):
        house.create_feed("other")
        house.add_account("alice")
        old = create(house, rights=(PUSH,), globs=("Acme.*",), feeds=("other",), owner="alice", lifetime=30 * DAY)
        house.clock.pass_by(20 * DAY)
        new = self.rotate(house, old.id, overlap=2 * DAY)
        was, now = row_of(house, old.id), row_of(house, new.id)
        for name in ("name", "rights", "globs", "feeds", "account_id", "kind"):
            assert getattr(now, name) == getattr(was, name)
        assert (now.created_at, now.expires_at) == (house.clock.now(), house.clock.now() + 30 * DAY)
        assert (was.replaced_by, was.expires_at) == (new.id, house.clock.now() + 2 * DAY)
        assert is_good(house, old.secret)
        house.clock.pass_by(2 * DAY)
        assert not is_good(house, old.secret)
        assert is_good(house, new.secret)

    def test_a_key_that_ends_sooner_keeps_its_end(self, house):
        old = create(house, lifetime=DAY)
        self.rotate(house, old.id)
        assert row_of(house, old.id).expires_at == house.clock.now() + DAY

    def test_one_that_never_ends_is_followed_by_one_that_never_does(self, house):
        old = create(house, lifetime=None)
        new = self.rotate(house, old.id)
        assert row_of(house, new.id).expires_at is None
        assert row_of(house, old.id).expires_at == house.clock.now() + 7 * DAY

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
    def test_no_new_key_lives_longer_than_the_servers_maximum(self, house, lifetime, max_lifetime, expected):
        old = create(house, lifetime=lifetime)
        house.clock.pass_by(DAY)
        new = self.rotate(house, old.id, max_lifetime=max_lifetime)
        assert row_of(house, new.id).expires_at == (None if expected is None else house.clock.now() + expected)

    def test_an_expired_key_cannot_be_rotated(self, house):
        old, last = create(house, lifetime=DAY), create(house, lifetime=DAY + timedelta(microseconds=1))
        house.clock.pass_by(DAY)
        with house.refusing(InvalidSetting, match=f"The key {old.id} has expired: make a new one with 'key create'"):
            self.rotate(house, old.id)
        assert is_good(house, self.rotate(house, last.id).secret)

    def test_of_one_that_was_rotated_and_has_ended_it_is_said_into_what(self, house):
        old = create(house)
        new = self.rotate(house, old.id)
        house.clock.pass_by(8 * DAY)
        with house.refusing(InvalidSetting, match=f"was rotated into {new.id} already"):
            self.rotate(house, old.id)

    def test_the_new_key_has_not_been_used(self, house):
        old = create(house)
        record_uses({old.id: (house.clock.now(), "::1")}, db=house.db)
        assert row_of(house, self.rotate(house, old.id).id).last_used_at is None

    def test_what_was_revoked_or_rotated_before_is_refused(self, house):
        revoked, rotated = create(house), create(house)
        house.do(revoke_key, revoked.id)
        new = self.rotate(house, rotated.id)
        with house.refusing(InvalidSetting, match="was revoked: make a new one"):
            self.rotate(house, revoked.id)
        with house.refusing(InvalidSetting, match=f"was rotated into {new.id} already"):
            self.rotate(house, rotated.id)
        with house.refusing(NoSuchKey):
            self.rotate(house, "key-000000000000")

    def test_the_audit_log_names_both_and_no_secret(self, house):
        old = create(house)
        new = self.rotate(house, old.id)
        line = house.last_line()
        assert (line.action, line.subject, line.details["new_key"]) == ("rotate-key", old.id, new.id)
        assert new.secret not in repr(house.snapshot())

    def test_a_change_of_keys_is_a_change_of_who_may_do_what(self, house):
        old = create(house)
        before = house.rows("access")
        self.rotate(house, old.id)
        assert house.rows("access") != before


class TestWhoMayChangeAKey:
    def test_its_holder_and_administrators_may(self, house):
        for name in ("alice", "bob"):
            house.add_account(name)
        mine, other = create(house, owner="alice"), create(house)
        alice, bob = house.actor("alice", ADMIN), house.actor("bob", ADMIN)
        for verb in (rotate_key, revoke_key):
            for actor, key in ((bob, mine), (alice, other), (house.actor("alice", PUSH), mine)):
                with house.refusing(NotAllowed, match="Only an administrator"):
                    house.do(verb, key.id, actor=actor)
        new = house.do(rotate_key, mine.id, actor=alice)
        house.do(revoke_key, new.id, actor=alice)
        assert not is_good(house, new.secret)


class TestRecordUses:
    def test_the_last_use_of_each_key_is_kept(self, house):
        first, second = create(house), create(house)
        now = house.clock.now()
        record_uses({first.id: (now, "::1"), second.id: (now + DAY, "10.0.0.1")}, db=house.db)
        assert (row_of(house, first.id).last_used_at, row_of(house, first.id).last_used_address) == (now, "::1")
        assert row_of(house, second.id).last_used_at == now + DAY

    def test_it_is_no_change_of_who_may_do_what_and_without_uses_nothing_is_written(self, house):
        key = create(house)
        before, head = house.rows("access"), house.db.head_check()
        record_uses({}, db=house.db)
        assert house.db.head_check() == head
        record_uses({key.id: (house.clock.now(), "::1")}, db=house.db)
        assert house.rows("access") == before


class TestRevokeKey:
    def test_revoking_binds_at_once(self, house):
        key, other = create(house), create(house, "other")
        assert is_good(house, key.secret)
        house.do(revoke_key, key.id)
        assert not is_good(house, key.secret)
        assert who(house, other.secret).name == other.id
        line = house.last_line()
        assert (line.action, line.subject) == ("revoke-key", key.id)

    def test_a_key_that_was_revoked_keeps_its_time(self, house):
        key = create(house)
        house.do(revoke_key, key.id)
        before = house.snapshot()
        house.clock.pass_by(DAY)
        house.do(revoke_key, key.id)
        assert house.snapshot() == before

    def test_a_key_that_is_not_there_is_refused(self, house):
        with house.refusing(NoSuchKey, match="'key list' shows the ids"):
            house.do(revoke_key, "key-000000000000")


class TestEnsureFirstKey:
    @pytest.fixture
    def file(self, tmp_path):
        return tmp_path / "first-key.txt"

    def ensure(self, house, file):
        return ensure_first_key(file, db=house.db, clock=house.clock)

    def test_the_first_key_is_an_administrators_that_never_expires(self, house, file):
        secret = self.ensure(house, file)
        house.clock.pass_by(40_000 * DAY)
        actor = who(house, secret)
        assert (actor.rights, actor.globs, actor.feeds) == ({ADMIN}, ("*",), None)

    def test_its_file_holds_the_key_and_a_line_break_and_is_private(self, house, file):
        secret = self.ensure(house, file)
        assert file.read_bytes() == f"{secret}\n".encode()
        assert file.stat().st_mode & 0o777 == 0o600
        assert [other.name for other in file.parent.glob("*first*")] == ["first-key.txt"]

    def test_a_second_start_makes_none_and_leaves_the_file_alone(self, house, file):
        self.ensure(house, file)
        file.write_text("kept by me\n")
        with_file = house.snapshot()
        assert self.ensure(house, file) is None
        assert file.read_text() == "kept by me\n"
        file.unlink()
        assert self.ensure(house, file) is None
        assert not file.exists()
        assert house.snapshot() == with_file

    def test_after_a_crash_between_file_and_row_the_key_in_the_file_becomes_good(self, house, file):
        """Whoever read it after the first start may use it after the second."""
        secret = make_key().secret
        file.write_text(f"{secret}\n")
        assert self.ensure(house, file) == secret
        assert who(house, secret).rights == {ADMIN}
        assert file.read_text() == f"{secret}\n"

    @pytest.mark.parametrize("content", [b"", b"mlk_", b"hello\n", b"\xff\xfe", b"mlk_" + b"a" * 49])
    def test_a_file_that_holds_no_key_is_replaced_by_one_that_does(self, house, file, content):
        file.write_bytes(content)
        secret = self.ensure(house, file)
        assert file.read_text() == f"{secret}\n"
        assert who(house, secret).rights == {ADMIN}

    def test_a_server_that_has_a_key_gets_no_first_one(self, house, file):
        """Not even when that key is revoked: whoever did so may have meant it."""
        key = create(house)
        house.do(revoke_key, key.id)
        assert self.ensure(house, file) is None
        assert not file.exists()

    def test_a_folder_that_takes_no_file_makes_no_key(self, house, file):
        before = house.snapshot()
        with pytest.raises(OSError, match="absent"):
            self.ensure(house, file.parent / "absent" / "first-key.txt")
        assert house.snapshot() == before
