"""Feeds: names, and what may be set for each."""

import pytest

from motherlode.domain.feed_settings import (
    FEED_SETTINGS,
    Deletion,
    FeedPolicy,
    Overwrite,
    format_feed_policy,
    is_feed_name,
    parse_feed_name,
    parse_feed_policy,
)
from motherlode.domain.refusals import InvalidSetting
from motherlode.domain.units import SIZE_ALLOWED
from motherlode.nuget.validation.rule import Strictness
from motherlode.nuget.versions import parse_version


@pytest.mark.parametrize("name", ["a", "0", "default", "team-a", "a-", "a" * 63])
def test_a_feed_may_be_called_that(name):
    assert is_feed_name(name)
    assert parse_feed_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a.b", "a b", "a@1", "a/b", "é", "a\n", "a" * 64])
def test_no_feed_may_be_called_that(name):
    assert not is_feed_name(name)
    with pytest.raises(InvalidSetting, match="is not a valid feed name"):
        parse_feed_name(name)


@pytest.mark.parametrize(
    "policy",
    [
        FeedPolicy(),
        FeedPolicy(max_package_bytes=12345),
        FeedPolicy(is_private=True),
        FeedPolicy(least_protocol=parse_version("4.1.0")),
        FeedPolicy(max_package_bytes=1, is_private=True, least_protocol=parse_version("5.0.0-beta.1")),
    ],
)
def test_a_policy_reads_back_as_it_was_shown(policy):
    assert parse_feed_policy(format_feed_policy(policy)) == policy


@pytest.mark.parametrize(
    ("text", "is_private"), [("anonymous", False), ("authenticated", True), (" authenticated ", True)]
)
def test_a_feed_is_read_by_everybody_or_by_those_who_sign_in(text, is_private):
    assert parse_feed_policy({"read": text}).is_private is is_private


@pytest.mark.parametrize("text", ["", "Authenticated", "private", "yes", "true", "anonymous,authenticated"])
def test_nothing_else_makes_a_feed_private_or_public_by_mistake(text):
    with pytest.raises(InvalidSetting, match="allowed: anonymous or authenticated"):
        parse_feed_policy({"read": text}, FeedPolicy(is_private=True))


def test_the_oldest_protocol_that_may_push_is_a_version_or_off():
    policy = parse_feed_policy({"require_protocol_version": "4.1"})
    assert policy.least_protocol == parse_version("4.1.0")
    assert format_feed_policy(policy)["require_protocol_version"] == "4.1.0"
    assert parse_feed_policy({"require_protocol_version": " off "}, policy).least_protocol is None


@pytest.mark.parametrize("text", ["", "on", "new", "4.x", "-1", "4.1.0.0.0"])
def test_what_is_no_version_is_no_protocol(text):
    with pytest.raises(InvalidSetting, match=r"allowed: off, or a version such as 4\.1\.0"):
        parse_feed_policy({"require_protocol_version": text})


def test_the_defaults_of_the_table_are_the_default_policy():
    assert format_feed_policy(FeedPolicy()) == {name: each.default for name, each in FEED_SETTINGS.items()}


def test_what_is_not_named_stays_as_it_was():
    base = FeedPolicy(max_package_bytes=1)
    assert parse_feed_policy({"delete": "unlist"}, base) == base
    assert parse_feed_policy({"max_package_size": "1MB"}, base).max_package_bytes == 1 << 20


def test_every_fault_is_told():
    with pytest.raises(InvalidSetting) as refusal:
        parse_feed_policy(
            {"min_age": "7d", "max_package_size": "big", "colour": "red", "overwrite": "never", "delete": "now"}
        )
    assert [fault.message for fault in refusal.value.faults] == [
        "min_age = 7d is not implemented yet. Leave it unset.",
        f"max_package_size = 'big' is not valid; allowed: {SIZE_ALLOWED}.",
        f"There is no feed setting 'colour'. Settings are {', '.join(FEED_SETTINGS)}.",
        "delete = 'now' is not valid; allowed: unlist, soft or hard.",
    ]


def test_how_versions_are_taken_away_and_replaced_can_be_told():
    values = {"delete": "hard", "delete_reason": "required", "overwrite": "prerelease", "soft_delete_keep": "30d"}
    policy = parse_feed_policy(values)
    assert (policy.delete, policy.is_delete_reason_required) == (Deletion.HARD, True)
    assert (policy.overwrite, policy.soft_delete_keep_s) == (Overwrite.PRERELEASE, 30 * 86400)
    assert values.items() <= format_feed_policy(policy).items()


@pytest.mark.parametrize(
    ("overwrite", "replaced"), [("never", []), ("prerelease", ["1.0.0-beta"]), ("always", ["1.0.0", "1.0.0-beta"])]
)
def test_which_versions_may_be_replaced(overwrite, replaced):
    policy = parse_feed_policy({"overwrite": overwrite})
    assert [text for text in ("1.0.0", "1.0.0-beta") if policy.may_replace(parse_version(text))] == replaced


def test_a_feed_is_as_strict_as_it_is_told():
    assert parse_feed_policy({}).strictness is Strictness.GALLERY
    lenient = parse_feed_policy({"strictness": "lenient"})
    assert lenient.strictness is Strictness.LENIENT
    assert format_feed_policy(lenient)["strictness"] == "lenient"
    with pytest.raises(InvalidSetting, match="allowed: gallery or lenient"):
        parse_feed_policy({"strictness": "strict"})
