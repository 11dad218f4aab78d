"""Passwords: what may be one, and how one is kept and compared."""

import os
import sys

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError

from motherlode.domain.refusals import InvalidPassword
from motherlode.identity import argon2id
from motherlode.identity.passwords import MAX_BYTES, hash_password, is_password, parse_password

COMPOSED = "Caf\N{LATIN SMALL LETTER E WITH ACUTE} au lait"
DECOMPOSED = "Cafe\N{COMBINING ACUTE ACCENT} au lait"


@pytest.fixture(scope="module")
def stored():
    return hash_password(parse_password(COMPOSED))


@pytest.mark.parametrize("text", ["12345678", "        ", "correct horse", "ключ🔑🔑🔑🔑", "a" * 1024, "é" * 512])
def test_a_password_has_8_characters_to_1024_bytes_of_any_script(text):
    assert parse_password(text) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "at least 8 characters"),
        ("1234567", "at least 8 characters"),
        ("cafe\N{COMBINING ACUTE ACCENT}123"[:-1], "at least 8 characters"),
        ("a" * 1025, "at most 1024 bytes"),
        ("é" * 513, "at most 1024 bytes"),
        ("1234567\n", "control character"),
        ("1234\x005678", "control character"),
        ("1234\x7f5678", "control character"),
        ("1234\x9f5678", "control character"),
        ("1234\udc805678", "control character"),
    ],
)
def test_what_is_no_password_is_refused_with_a_sentence_that_does_not_repeat_it(text, sentence):
    with pytest.raises(InvalidPassword, match=sentence) as refusal:
        parse_password(text)
    assert not text or text not in str(refusal.value)


def test_a_password_is_one_however_its_accents_are_typed(stored):
    assert parse_password(DECOMPOSED) == parse_password(COMPOSED) == COMPOSED
    assert is_password(stored, COMPOSED)
    assert is_password(stored, DECOMPOSED)


@pytest.mark.parametrize("other", ["", "caf\N{LATIN SMALL LETTER E WITH ACUTE} au lait", f"{COMPOSED} ", "\udcff" * 9])
def test_anything_else_is_another_password(stored, other):
    assert not is_password(stored, other)


def test_it_is_kept_as_an_argon2id_hash_with_the_defaults_of_the_library(stored):
    assert stored.startswith("$argon2id$v=19$")
    assert extract_parameters(stored) == extract_parameters(PasswordHasher().hash("another"))
    assert COMPOSED not in stored


def test_the_same_password_is_kept_differently_each_time(stored):
    assert hash_password(COMPOSED) != stored


@pytest.mark.parametrize("presented", ["", "password", "\0" * 32, COMPOSED])
def test_where_there_is_no_password_none_is_right(presented):
    assert not is_password(None, presented)


COSTS = ("t_cost", "m_cost", "lanes", "threads", "version", "pwdlen", "saltlen", "outlen")


@pytest.fixture
def computed(monkeypatch):
    """What each hash cost that the library computed: as it was asked for, and the priority of the thread."""
    costs = []
    core = argon2id.core

    def noted(context, kind):
        priority = os.sched_getscheduler(0) if sys.platform == "linux" else None
        costs.append({name: getattr(context, name) for name in COSTS} | {"kind": kind, "priority": priority})
        return core(context, kind)

    monkeypatch.setattr(argon2id, "core", noted)
    return costs


class TestAsLong:
    """A try costs as much whether there is a password or not: it is verified with the same parameters."""

    def test_one_hash_is_made_for_a_wrong_password_and_for_none(self, stored, computed):
        assert not is_password(stored, "wrong one")
        assert not is_password(None, "wrong one")
        assert len(computed) == 2
        assert computed[0] == computed[1]

    def test_a_text_that_is_too_long_is_none_at_once_in_both_cases(self, stored, computed):
        for text in ("a" * (MAX_BYTES + 1), "é" * MAX_BYTES, "e\N{COMBINING ACUTE ACCENT}" * 10**6):
            assert not is_password(stored, text)
            assert not is_password(None, text)
        assert computed == []


def test_a_hash_that_cannot_be_read_is_an_error_and_no_wrong_password():
    with pytest.raises(InvalidHashError):
        is_password("$argon2id$broken", "12345678")


def test_a_hash_made_with_other_parameters_still_counts():
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(COMPOSED)
    assert is_password(weak, COMPOSED)
    assert not is_password(weak, f"{COMPOSED}!")


def test_a_try_is_judged_by_one_thread_however_many_lanes_the_hash_has(stored, computed):
    """Each thread more that is at low priority holds up those that answer requests."""
    assert is_password(stored, COMPOSED)
    assert [(cost["lanes"], cost["threads"]) for cost in computed] == [(extract_parameters(stored).parallelism, 1)]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux alone")
def test_a_try_is_judged_at_low_priority_and_leaves_the_caller_as_he_was(stored, computed):
    """A hash takes a core for a tenth of a second: on a small machine every other answer would wait for it."""
    before = os.sched_getscheduler(0)
    assert is_password(stored, COMPOSED)
    assert [cost["priority"] for cost in computed] == [os.SCHED_IDLE]
    assert os.sched_getscheduler(0) == before != os.SCHED_IDLE
