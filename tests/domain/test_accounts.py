"""Accounts: what they may be called."""

import pytest

from motherlode.domain.accounts import parse_account_name
from motherlode.domain.refusals import InvalidName


@pytest.mark.parametrize("name", ["a", "7", "Alice", "alice@example.com", "build-server_2", "a.b", "a" * 64, "key"])
def test_an_account_may_be_called_that(name):
    assert parse_account_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "alice\n",
        "\nalice",
        ".a",
        "-a",
        "_a",
        "@a",
        "a/b",
        "a:b",
        "a,b",
        "a*",
        "é",
        "ａ",
        "a\0",
        "a" * 65,
    ],
)
def test_no_account_may_be_called_that(name):
    with pytest.raises(InvalidName, match="Use 1 to 64 letters, digits"):
        parse_account_name(name)


@pytest.mark.parametrize("name", ["console", "Bootstrap", "key-0123456789ab", "KEY-x"])
def test_nobody_takes_a_name_under_which_the_audit_log_knows_another(name):
    with pytest.raises(InvalidName):
        parse_account_name(name)


def test_a_name_far_too_long_is_not_repeated_in_full():
    with pytest.raises(InvalidName) as refusal:
        parse_account_name("é" * 100_000)
    assert len(str(refusal.value)) < 300
