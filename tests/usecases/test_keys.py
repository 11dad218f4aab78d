"""Keys: create, revoke, identify, and the key of the first start."""

from dataclasses import replace
from datetime import timedelta

import pytest

from motherlode.domain.policy import ADMIN, PUSH, PUSH_VERSION, READ, UNLIST, Actor
from motherlode.domain.refusals import InvalidSetting, KeyRefused, NoSuchFeed, NoSuchKey
from motherlode.identity.keys import digest_of, is_well_formed, make_key
from motherlode.usecases.create_key import create_key
from motherlode.usecases.ensure_first_key import ensure_first_key
from motherlode.usecases.identify import BOOTSTRAP, CONSOLE, identify
from motherlode.usecases.revoke_key import revoke_key

DAY = timedelta(days=1)


def create(house, name="ci", **wishes):
    return create_key(name, CONSOLE, **({"lifetime": 90 * DAY} | wishes), db=house.db, clock=house.clock)


def who(house, secret, *, bootstrap=None):
    presented = secret if isinstance(secret, bytes) else secret.encode()
    return identify(presented, bootstrap=bootstrap, address="::1", request_id="r1", db=house.db, clock=house.clock)


class TestCreateKey:
    def test_a_new_key_says_who_comes_and_what_he_may(self, house):
        house.create_feed("other")
        key = create(house, rights=(PUSH_VERSION, UNLIST), globs=("Acme.*", "Contoso"), feeds=("other",))
        expected = Actor(
            key.id, frozenset({PUSH_VERSION, UNLIST}), ("Acme.*", "Contoso"), frozenset({"other"}), "::1", "r1"
        )
        assert who(house, key.secret) == expected

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
        line = house.rows("audit")[-1]
        assert (line.actor, line.action, line.subject, line.feed) == ("console", "create-key", key.id, None)

    @pytest.mark.parametrize(
        ("wish", "sentence"),
        [
            ({"rights": ("fly",)}, "There is no right fly: use some of push, push-version, unlist"),
            ({"rights": ()}, "There is no right"),
            ({"rights": ("delete",)}, "not built yet, DELETE unlists: use the right 'unlist'"),
            ({"rights": ("admin", "delete")}, "not built yet"),
            ({"rights": ("read",)}, "not built yet, everybody may read every feed: leave it out"),
            ({"rights": ("push", "read")}, "not built yet"),
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

    def test_the_rights_of_the_default_may_be_spelt_out_and_an_administrator_may_read(self, house):
        assert who(house, create(house, rights=("read", "unlist", "push")).secret).rights == {PUSH, UNLIST, READ}
        assert who(house, create(house, rights=("admin", "read")).secret).has("anything")


class TestIdentify:
    def test_an_unknown_key_is_refused(self, house):
        create(house)
        for secret in ("mlk_unknown", make_key().secret, "ü".encode(), b"\xff", b" "):
            with house.refusing(KeyRefused):
                who(house, secret)

    def test_a_key_is_good_until_the_instant_it_expires(self, house):
        key = create(house, lifetime=DAY)
        house.clock.pass_by(DAY - timedelta(microseconds=1))
        assert who(house, key.secret).name == key.id
        house.clock.pass_by(timedelta(microseconds=1))
        with house.refusing(KeyRefused):
            who(house, key.secret)

    def test_a_key_without_an_end_does_not_expire(self, house):
        key = create(house, lifetime=None)
        house.clock.pass_by(40_000 * DAY)
        assert who(house, key.secret).name == key.id

    def test_the_environments_key_is_an_administrators_of_any_form(self, house):
        secret = "any visible form: ~!@#$%^&*()"
        actor = who(house, secret, bootstrap=digest_of(secret.encode()))
        assert actor == replace(BOOTSTRAP, address="::1", request_id="r1")
        assert actor.rights == {ADMIN}
        assert house.rows("keys") == []

    def test_beside_the_environments_key_other_keys_stay_good(self, house):
        key = create(house)
        assert who(house, key.secret, bootstrap=digest_of(b"x" * 16)).name == key.id
        with pytest.raises(KeyRefused):
            who(house, "y" * 16, bootstrap=digest_of(b"x" * 16))

    def test_a_key_longer_than_a_kilobyte_is_refused_unseen(self, house):
        secret = b"x" * 1025
        with house.refusing(KeyRefused):
            who(house, secret, bootstrap=digest_of(secret))
        assert who(house, secret[:1024], bootstrap=digest_of(secret[:1024])).name == "bootstrap"

    def test_a_key_is_no_key_in_other_casing_or_with_more_around_it(self, house):
        secret = create(house).secret
        for other in (secret.swapcase(), f"{secret} ", secret[:-1], secret + "a"):
            with pytest.raises(KeyRefused):
                who(house, other)


class TestRevokeKey:
    def test_revoking_binds_at_once(self, house):
        key, other = create(house), create(house, "other")
        assert who(house, key.secret)
        revoke_key(key.id, CONSOLE, db=house.db, clock=house.clock)
        with house.refusing(KeyRefused):
            who(house, key.secret)
        assert who(house, other.secret).name == other.id
        line = house.rows("audit")[-1]
        assert (line.action, line.subject) == ("revoke-key", key.id)

    def test_a_key_that_was_revoked_keeps_its_time(self, house):
        key = create(house)
        revoke_key(key.id, CONSOLE, db=house.db, clock=house.clock)
        before = house.rows("keys")
        house.clock.pass_by(DAY)
        revoke_key(key.id, CONSOLE, db=house.db, clock=house.clock)
        assert house.rows("keys") == before

    def test_a_key_that_is_not_there_is_refused(self, house):
        with house.refusing(NoSuchKey, match="'key list' shows the ids"):
            revoke_key("key-000000000000", CONSOLE, db=house.db, clock=house.clock)


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
        revoke_key(key.id, CONSOLE, db=house.db, clock=house.clock)
        assert self.ensure(house, file) is None
        assert not file.exists()

    def test_a_folder_that_takes_no_file_makes_no_key(self, house, file):
        before = house.snapshot()
        with pytest.raises(OSError, match="absent"):
            self.ensure(house, file.parent / "absent" / "first-key.txt")
        assert house.snapshot() == before
