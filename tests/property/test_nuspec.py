"""The nuspec reader and the facts, for any package and for any bytes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.ids import PackageId
from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.package import Dependency, DependencyGroup, Identity, License, Package, PackageType, Repository
from motherlode.nuget.package_json import facts_of, package_from
from motherlode.nuget.ranges import ANY, parse_range
from motherlode.nuget.versions import parse_version
from tests.support.builders import nuspec

TEXTS = st.none() | st.text(min_size=1, max_size=12)
IDS = st.sampled_from(["A", "acme.Widgets", "Größe", "x_y-z"]).map(PackageId)
VERSIONS = st.sampled_from(["1", "01.0", "1.0.0-RC.1+b", "1.2.3.4"]).map(parse_version)
RANGES = st.just(ANY) | st.sampled_from(["1.0", "[1.0,2)", "(, )", "(,2.0-a.1]", "[1.0+b]"]).map(parse_range)
FRAMEWORKS = st.none() | st.sampled_from(["net472", ".NETStandard2.0", "spork7"]).map(parse_framework)
GROUPS = st.builds(
    DependencyGroup, FRAMEWORKS, st.lists(st.builds(Dependency, IDS, RANGES, TEXTS, TEXTS), max_size=3).map(tuple)
)
PACKAGES = st.builds(
    Package,
    identity=st.builds(Identity, IDS, VERSIONS),
    **dict.fromkeys(("description", "authors", "title", "summary", "release_notes", "copyright", "language"), TEXTS),
    **dict.fromkeys(("project_url", "license_url", "icon_url", "icon", "readme", "min_client_version"), TEXTS),
    tags=st.lists(st.text(min_size=1, max_size=3), max_size=2).map(tuple),
    license=st.none() | st.builds(License, st.sampled_from(["expression", "file"]), st.text(min_size=1), TEXTS),
    require_license_acceptance=st.booleans(),
    development_dependency=st.booleans(),
    serviceable=st.booleans(),
    package_types=st.lists(st.builds(PackageType, st.text(min_size=1, max_size=3), TEXTS), max_size=2).map(tuple),
    repository=st.none() | st.builds(Repository, TEXTS, TEXTS, TEXTS, TEXTS),
    dependency_groups=st.lists(GROUPS, max_size=3).map(tuple),
)


class TestFacts:
    """`package_from(facts_of(package)) == package`, spellings included."""

    @given(PACKAGES)
    def test_nothing_is_lost_on_the_way_through_json(self, package):
        facts = json.loads(json.dumps(facts_of(package)))
        returned = package_from(facts)
        assert returned == package
        assert facts_of(returned) == facts
        assert repr(returned) == repr(package)


class TestReading:
    """Nothing is raised, whatever the bytes are: a package without faults, or faults."""

    @given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
    def test_noise_has_faults(self, document):
        assert parse_nuspec(document).faults

    @given(st.integers(0, 600), st.binary(max_size=4), st.integers(0, 4))
    def test_a_damaged_nuspec_is_read_or_has_faults(self, offset, noise, cut):
        document = nuspec("Acme", dependencies={"B": "[1.0,2)"})
        found = parse_nuspec(document[:offset] + noise + document[offset + cut :])
        assert found.package is not None or found.faults

    @given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40))
    def test_every_text_comes_through_trimmed(self, text):
        package = parse_nuspec(nuspec(title=text)).package
        assert package is not None
        assert package.title == (text.strip() or None)
