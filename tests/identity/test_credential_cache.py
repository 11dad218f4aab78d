"""Remembered credentials: what still counts, and what makes room."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from motherlode.domain.permissions import READ, Actor
from motherlode.identity.remembered import PROVEN, REMEMBER, CredentialCache, Remembered

NOON = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
ALICE = Actor("alice", frozenset({READ}))


def right(digest, *, actor=ALICE, access=1, until=NOON + REMEMBER, proof=None):
    return Remembered(digest, actor, access, until, proof)


def wrong(digest, *, access=1, until=NOON + REMEMBER):
    return Remembered(digest, None, access, until)


@pytest.fixture
def memory():
    return CredentialCache()


class TestDigests:
    def test_the_same_credential_has_the_same_digest(self, memory):
        assert memory.digest_of(b"alice:hunter2") == memory.digest_of(b"alice:hunter2")
        assert len(memory.digest_of(b"")) == 32

    def test_another_credential_has_another(self, memory):
        credentials = (b"", b"a", b"a\0", b"alice:hunter2", b"alice:hunteR2", b"a" * 5000)
        assert len({memory.digest_of(each) for each in credentials}) == len(credentials)

    def test_it_means_nothing_to_another_process(self, memory):
        assert memory.digest_of(b"alice:hunter2") != CredentialCache().digest_of(b"alice:hunter2")

    def test_the_credential_itself_is_not_kept(self, memory):
        memory.keep(right(memory.digest_of(b"alice:hunter2")))
        assert "hunter2" not in repr(vars(memory))


class TestWhatCounts:
    def test_a_judgement_is_found_as_it_was_kept(self, memory):
        memory.keep(right(b"a", proof="$argon2"))
        memory.keep(wrong(b"b"))
        assert memory.find(b"a", 1, NOON) == right(b"a", proof="$argon2")
        assert memory.find(b"b", 1, NOON) == wrong(b"b")
        assert memory.find(b"c", 1, NOON) is None

    def test_it_counts_until_its_time_and_not_at_it(self, memory):
        memory.keep(right(b"a"))
        memory.keep(wrong(b"b"))
        for digest in (b"a", b"b"):
            assert memory.find(digest, 1, NOON + REMEMBER - INSTANT)
            assert memory.find(digest, 1, NOON + REMEMBER) is None

    @pytest.mark.parametrize("number", [0, 2, 100])
    def test_it_counts_at_no_other_number_of_access(self, memory, number):
        memory.keep(right(b"a"))
        memory.keep(wrong(b"b"))
        assert memory.find(b"a", number, NOON) is None
        assert memory.find(b"b", number, NOON) is None

    def test_that_of_a_key_ends_with_the_key(self, memory):
        end = NOON + timedelta(minutes=1)
        memory.keep(right(b"a", actor=Actor("alice", frozenset(), expires_at=end)))
        assert memory.find(b"a", 1, end - INSTANT)
        assert memory.find(b"a", 1, end) is None

    def test_a_key_that_ends_later_is_remembered_no_longer_than_others(self, memory):
        memory.keep(right(b"a", actor=Actor("alice", frozenset(), expires_at=NOON + timedelta(days=1))))
        assert memory.find(b"a", 1, NOON + REMEMBER) is None

    def test_a_newer_judgement_takes_the_place_of_an_older_one(self, memory):
        memory.keep(right(b"a", proof="$argon2"))
        memory.keep(wrong(b"a", access=2))
        assert memory.find(b"a", 1, NOON) is None
        assert memory.find(b"a", 2, NOON) == wrong(b"a", access=2)
        assert memory.find_proof(b"a", NOON) is None
        memory.keep(right(b"a", access=3))
        assert memory.find(b"a", 2, NOON) is None
        assert memory.find(b"a", 3, NOON) == right(b"a", access=3)
        assert len(memory) == 1

    def test_what_is_forgotten_is_gone(self, memory):
        memory.keep(right(b"a", proof="$argon2"))
        memory.keep(wrong(b"b"))
        for digest in (b"a", b"b", b"never kept"):
            memory.forget(digest)
        assert len(memory) == 0
        assert memory.find_proof(b"a", NOON) is None


class TestProof:
    """What a password was proven against is found when only the number or the time has moved on."""

    def test_it_is_found_at_any_number_of_access_an_hour_longer_than_the_judgement(self, memory):
        memory.keep(right(b"a", access=1, proof="$argon2"))
        assert memory.find(b"a", 2, NOON) is None
        assert memory.find(b"a", 1, NOON + REMEMBER) is None
        assert memory.find_proof(b"a", NOON + REMEMBER + PROVEN - INSTANT) == "$argon2"
        assert memory.find_proof(b"a", NOON + REMEMBER + PROVEN) is None

    def test_whoever_comes_back_within_the_hour_needs_no_hash_all_day(self, memory):
        now = NOON
        for _ in range(24):
            memory.keep(right(b"a", until=now + REMEMBER, proof="$argon2"))
            now += PROVEN
            assert memory.find(b"a", 1, now) is None
            assert memory.find_proof(b"a", now) == "$argon2"

    def test_it_is_gone_once_the_same_was_judged_to_be_wrong(self, memory):
        memory.keep(right(b"a", proof="$argon2"))
        memory.keep(wrong(b"a"))
        assert memory.find_proof(b"a", NOON) is None

    def test_there_is_none_for_a_key_and_for_what_is_wrong_or_unknown(self, memory):
        memory.keep(right(b"a"))
        memory.keep(wrong(b"b"))
        assert [memory.find_proof(digest, NOON) for digest in (b"a", b"b", b"c")] == [None] * 3


class TestRoom:
    def test_the_oldest_make_room(self):
        memory = CredentialCache(most=3)
        for digest in (b"1", b"2", b"3", b"1", b"4"):
            memory.keep(right(digest))
        assert [memory.find(digest, 1, NOON) is not None for digest in (b"1", b"2", b"3", b"4")] == [
            True,
            False,
            True,
            True,
        ]

    def test_wrong_ones_push_out_no_right_one(self):
        memory = CredentialCache(most=3)
        memory.keep(right(b"right"))
        for number in range(1000):
            memory.keep(wrong(b"%d" % number))
        assert memory.find(b"right", 1, NOON)
        assert len(memory) == 4

    def test_keys_push_out_no_password_and_passwords_no_key(self):
        """A key may be sent under any user name: each time it is another credential."""
        memory = CredentialCache(most=3)
        memory.keep(right(b"password", proof="$argon2"))
        for number in range(1000):
            memory.keep(right(b"key %d" % number))
        assert memory.find(b"password", 1, NOON)
        assert memory.find_proof(b"password", NOON) == "$argon2"
        for number in range(1000):
            memory.keep(right(b"password %d" % number, proof="$argon2"))
        assert memory.find(b"key 999", 1, NOON)
        assert len(memory) == 6

    def test_threads_leave_it_whole(self):
        memory = CredentialCache(most=50)

        def work(name):
            for number in range(2000):
                digest = b"%d" % (number * name % 97)
                memory.keep(right(digest) if number % 3 else wrong(digest))
                memory.find(digest, 1, NOON)
                memory.forget(b"%d" % (number % 11))

        threads = [threading.Thread(target=work, args=(name,)) for name in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 0 < len(memory) <= 100


class Memory(RuleBasedStateMachine):
    """It never says more than was kept: the last judgement of a digest, at its number, within its time, or nothing."""

    digests = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])

    def __init__(self):
        super().__init__()
        self.memory = CredentialCache(most=2)
        self.last = {}
        self.now = NOON

    @rule(digest=digests, access=st.integers(1, 3), is_right=st.booleans(), seconds=st.integers(0, 300))
    def keep(self, digest, access, is_right, seconds):
        until = self.now + timedelta(seconds=seconds)
        judged = (
            right(digest, access=access, until=until, proof="p")
            if is_right
            else wrong(digest, access=access, until=until)
        )
        self.memory.keep(judged)
        self.last[digest] = judged
        assert self.memory.find(digest, access, self.now) == (judged if seconds else None)

    @rule(digest=digests)
    def forget(self, digest):
        self.memory.forget(digest)
        self.last.pop(digest, None)

    @rule(seconds=st.integers(0, 200))
    def pass_by(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(digest=digests, access=st.integers(1, 3))
    def find(self, digest, access):
        last = self.last.get(digest)
        found = self.memory.find(digest, access, self.now)
        counts = last is not None and last.access == access and self.now < last.until
        assert found is None or (counts and found == last)
        if self.memory.find_proof(digest, self.now):
            assert last.actor == ALICE

    @invariant()
    def it_is_bounded(self):
        assert len(self.memory) <= 4


TestMemory = Memory.TestCase
