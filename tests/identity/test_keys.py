"""Keys: their form, their checksum, and how they are compared."""

import re
import string
import zlib

import pytest

from motherlode.identity.keys import MAX_KEY_BYTES, digest_of, is_same, is_well_formed, key_of, make_key

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def number_of(text):
    number = 0
    for character in text:
        number = number * 62 + BASE62.index(character)
    return number


def parts(secret):
    match = re.fullmatch(r"mlk_([0-9A-Za-z]{43})([0-9A-Za-z]{6})", secret)
    assert match
    return match.groups()


def test_a_key_is_a_prefix_256_random_bits_and_a_checksum_in_base_62():
    """A secret scanner needs no more than this to prove one."""
    for _ in range(200):
        text, checksum = parts(make_key().secret)
        assert number_of(text) < 2**256
        assert number_of(checksum) == zlib.crc32(text.encode())


def test_all_256_bits_are_in_use():
    """Of 400 keys each bit is sometimes 0 and sometimes 1: that one never is has a chance of 1 in 10^117."""
    numbers = [number_of(parts(make_key().secret)[0]) for _ in range(400)]
    ones, zeros = 0, 0
    for number in numbers:
        ones |= number
        zeros |= ~number & (2**256 - 1)
    assert ones == zeros == 2**256 - 1


def test_no_two_keys_are_alike_in_anything():
    keys = [make_key() for _ in range(200)]
    for values in ({key.id for key in keys}, {key.secret for key in keys}, {key.digest for key in keys}):
        assert len(values) == len(keys)


def test_an_id_tells_nothing_of_the_secret():
    key = make_key()
    assert re.fullmatch(r"key-[0-9a-f]{12}", key.id)
    assert key_of(key.secret).id != key.id
    assert key_of(key.secret).digest == key.digest == digest_of(key.secret.encode())
    assert len(key.digest) == 32


def test_a_key_with_one_character_changed_is_not_well_formed():
    secret = make_key().secret
    assert is_well_formed(secret)
    for position, character in enumerate(secret):
        other = "a" if character != "a" else "b"
        assert not is_well_formed(secret[:position] + other + secret[position + 1 :])


@pytest.mark.parametrize("text", ["", "mlk_", "mlk_" + "0" * 48, "mlk_" + "0" * 50, "MLK_" + "0" * 49, "a" * 53])
def test_what_is_no_key_is_not_well_formed(text):
    assert not is_well_formed(text)


def test_a_key_with_anything_around_it_is_not_well_formed():
    secret = make_key().secret
    for text in (f" {secret}", f"{secret}\n", f"{secret}é", secret.replace("m", "ｍ", 1)):
        assert not is_well_formed(text)


def test_a_digest_is_the_same_as_itself_alone():
    digest = digest_of(b"key")
    assert is_same(digest, digest_of(b"key"))
    assert not is_same(digest, digest_of(b"Key"))
    assert not is_same(digest, digest[:31])


def test_a_key_of_ours_is_far_shorter_than_any_that_is_taken():
    assert len(make_key().secret) == 53 < MAX_KEY_BYTES == 1024
