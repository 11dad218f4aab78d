"""Check: what a push would say, and nothing is changed by asking."""

from datetime import timedelta

import pytest

from motherlode.domain.permissions import PUSH, PUSH_VERSION, Actor
from motherlode.domain.refusals import AlreadyExists, InvalidPackage, NoSuchFeed, NotAllowed, PackageTooLarge, Refusal
from tests.support.builders import nupkg
from tests.usecases.services import NOON

FAULTY = nupkg(description="", title="t" * 300)


def codes(faults):
    return [fault.code for fault in faults]


def test_a_sound_package_is_told_so_with_its_warnings(services):
    checked = services.check(nupkg())
    assert checked.is_valid
    assert (str(checked.identity), checked.refusals, checked.faults) == ("Acme.Widgets 1.0.0", (), ())
    assert tuple(fault.message for fault in checked.warnings) == services.push(nupkg()).warnings


def test_all_faults_of_a_package_are_told_with_their_codes(services):
    checked = services.check(FAULTY)
    assert not checked.is_valid
    assert checked.identity is None
    assert set(codes(checked.faults)) == {"description-missing", "text-too-long"}
    assert "license-missing" in codes(checked.warnings)


def test_a_feed_is_asked_how_it_judges(services):
    services.create_feed("attic", {"strictness": "lenient"})
    checked = services.check(FAULTY, feed="attic")
    assert checked.is_valid
    assert {"description-missing", "text-too-long"} < set(codes(checked.warnings))


def test_a_version_that_is_there_and_a_package_that_is_too_large_are_told_together(services):
    services.push(nupkg())
    services.change_feed("default", {"max_package_size": "1KB"})
    checked = services.check(nupkg(version="1.0", payload_bytes=2_000))
    assert codes(checked.faults) == ["package-too-large", "package-exists"]
    assert str(checked.identity) == "Acme.Widgets 1.0.0"


def test_who_may_not_push_the_id_does_not_learn_whether_the_version_is_there(services):
    services.push(nupkg())
    stranger = Actor("k", frozenset({PUSH}), globs=("Other.*",))
    for version in ("1.0.0", "2.0.0"):
        checked = services.check(nupkg(version=version), actor=stranger)
        assert codes(checked.faults) == ["not-allowed"]


def test_a_key_that_ends_soon_is_told(services):
    actor = Actor("k", frozenset({PUSH}), key_id="key-1", key_name="ci", expires_at=NOON + timedelta(days=3))
    assert codes(services.check(nupkg(), actor=actor).warnings)[0] == "key-ends-soon"
    assert codes(services.check(FAULTY, actor=actor).warnings)[0] == "key-ends-soon"


def test_a_feed_that_is_not_there_is_refused(services):
    with services.refusing(NoSuchFeed):
        services.check(nupkg(), feed="other")


@pytest.mark.parametrize(
    ("package", "actor", "refusal"),
    [
        (nupkg(version="2.0.0"), Actor("k", frozenset({PUSH})), None),
        (nupkg(), Actor("k", frozenset({PUSH})), AlreadyExists),
        (nupkg("Acme.New"), Actor("k", frozenset({PUSH_VERSION})), NotAllowed),
        (nupkg("Acme.Large", payload_bytes=200_000), Actor("k", frozenset({PUSH})), PackageTooLarge),
        (nupkg(payload_bytes=200_000), Actor("k", frozenset({PUSH})), PackageTooLarge),
        (FAULTY, Actor("k", frozenset({PUSH_VERSION})), InvalidPackage),
        (b"no zip", Actor("k", frozenset({PUSH})), InvalidPackage),
    ],
    ids=["taken", "exists", "new id", "large", "large and exists", "faulty", "no zip"],
)
def test_it_says_what_a_push_says_then_and_changes_nothing(services, package, actor, refusal):
    services.push(nupkg())
    services.change_feed("default", {"max_package_size": "100KB"})
    before = services.snapshot()
    checked = services.check(package, actor=actor)
    assert services.snapshot() == before
    assert services.shelf.left_notes == set()
    if refusal is None:
        assert checked.is_valid
        assert services.push(package, actor=actor).identity == checked.identity
    else:
        with pytest.raises(Refusal) as refused:
            services.push(package, actor=actor)
        assert (type(refused.value), str(refused.value)) == (refusal, str(checked.refusals[0]))
        assert type(checked.refusals[0]) is refusal
