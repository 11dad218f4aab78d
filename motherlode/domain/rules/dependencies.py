"""Rules of the dependencies, of the frameworks they are for, and of what else a restore reads out of the nuspec."""

from collections import Counter
from collections.abc import Iterator

from motherlode.domain.frameworks import Framework, parse_framework
from motherlode.domain.package import Dependency, DependencyGroup
from motherlode.domain.quotes import quote
from motherlode.domain.rawnuspec import RawElement
from motherlode.domain.refusals import Fault
from motherlode.domain.rules.identity import is_legal_for_2x
from motherlode.domain.rules.rule import Rule, Subject, Weight, length_of


def check_groups(subject: Subject) -> Iterator[Fault]:
    """Look at the frameworks of the groups."""
    groups = subject.package.dependency_groups
    for framework, count in Counter(group.framework for group in groups).items():
        name = _name_of(framework)
        if count > 1:
            yield Fault("dependency-group-repeated", f"There are {count} groups of dependencies for {name}: join them.")
        if framework is None or framework.is_supported:
            continue
        if not framework.is_readable:
            message = f"Clients cannot read the framework {name} of a group of dependencies: write one such as net8.0."
            yield Fault("framework-unreadable", message)
        else:
            message = f"There is no framework {name}, which a group of dependencies is for: write one such as net8.0."
            yield Fault("framework-unknown", message)


def check_assemblies(subject: Subject) -> Iterator[Fault]:
    """Look at the frameworks of the framework assemblies."""
    elements = _grandchildren(subject, "frameworkAssemblies", "frameworkAssembly")
    listed = (element.find_attribute("targetFramework") or "" for element in elements)
    names = dict.fromkeys(name.strip() for names in dict.fromkeys(listed) for name in names.split(","))
    for name in names:
        if name and name.lower() != "any" and not parse_framework(name).is_supported:
            message = (
                f"There is no framework {quote(name)}, which a framework assembly is for: write one such as net472."
            )
            yield Fault("assembly-framework-unknown", message)


def check_dependencies(subject: Subject) -> Iterator[Fault]:
    """Look at each dependency by itself, and for two of one id in a group."""
    own_id = subject.identity.id if subject.identity else None
    for group in subject.package.dependency_groups:
        counts = Counter(dependency.id for dependency in group.dependencies)
        for package_id, count in counts.items():
            name = quote(package_id.written)
            if count > 1:
                message = f"The dependency on {name} comes {count} times for {_name_of(group.framework)}: keep one."
                yield Fault("dependency-repeated", message)
            if package_id == own_id:
                message = "The package depends on itself, so no client can restore it: remove that dependency."
                yield Fault("dependency-on-itself", message)
        for dependency in group.dependencies:
            yield from _faults_of_bounds(dependency)


def check_shape(subject: Subject) -> Iterator[Fault]:
    """Look for dependencies beside groups, and for those without a version."""
    parents = subject.metadata.children_named("dependencies")
    flat = [element for parent in parents for element in parent.children_named("dependency")]
    groups = [element for parent in parents for element in parent.children_named("group")]
    if flat and groups:
        message = (
            "Some dependencies are in groups and some are not, and clients see the groups only: put all in groups."
        )
        yield Fault("dependencies-mixed", message)
    grouped = (element for group in groups for element in group.children_named("dependency"))
    without = [element for element in (grouped if groups else flat) if not _version_of(element)]
    if without:
        name = quote(without[0].find_attribute("id") or "")
        message = f"The dependency on {name} has no version, so it takes any: say from which version on it works."
        yield Fault("dependency-range-missing", message)


def check_length(subject: Subject) -> Iterator[Fault]:
    """Measure all dependencies together, as one line of ids, ranges and frameworks."""
    length = sum(map(_length_of_group, subject.package.dependency_groups))
    most = subject.limits.max_dependencies_length
    if length > most:
        message = f"The dependencies have {length} characters in all: at most {most} are allowed. Leave some out."
        yield Fault("dependencies-too-long", message)


def check_content_files(subject: Subject) -> Iterator[Fault]:
    """Look for what makes a client stop when it restores content files."""
    for element in _grandchildren(subject, "contentFiles", "files"):
        if element.find_attribute("include") is None:
            message = 'A <files> of the <contentFiles> has no include, on which clients stop: say include="…".'
            yield Fault("content-files-invalid", message)
        for name in ("flatten", "copyToOutput"):
            text = element.find_attribute(name)
            if text is not None and text.lower() not in ("true", "false"):
                message = f"A <files> of the <contentFiles> has {name}={quote(text)}: write true or false."
                yield Fault("content-files-invalid", message)


def _faults_of_bounds(dependency: Dependency) -> Iterator[Fault]:
    bounds = dict.fromkeys(bound for bound in (dependency.range.min, dependency.range.max) if bound is not None)
    name = quote(dependency.id.written)
    for bound in bounds:
        if bound.metadata:
            message = f"The dependency on {name} names build metadata ({quote(bound.full)}): write {bound.normalized}."
            yield Fault("dependency-build-metadata", message)
        if not is_legal_for_2x(bound):
            message = (
                f"The dependency on {name} names the version {quote(bound.written)}, whose label does not begin with "
                "a letter: name another."
            )
            yield Fault("dependency-label-old", message)


def _grandchildren(subject: Subject, parent_name: str, name: str) -> list[RawElement]:
    parents = subject.metadata.children_named(parent_name)
    return [element for parent in parents for element in parent.children_named(name)]


def _version_of(element: RawElement) -> str:
    return (element.find_attribute("version") or "").strip()


def _name_of(framework: Framework | None) -> str:
    return quote(framework.written) if framework else "any framework"


def _length_of_group(group: DependencyGroup) -> int:
    framework = len(group.framework.short) if group.framework else 0
    lengths = (length_of(each.id.written) + len(each.range.normalized) + framework + 3 for each in group.dependencies)
    return sum(lengths) or framework + 3


_MANIFEST = "nuget.org, manifest"

RULES = (
    Rule(
        "dependency-group-repeated",
        Weight.GALLERY,
        _MANIFEST,
        "There are two groups of dependencies for one framework.",
        '<group targetFramework="net8.0"> twice',
        check_groups,
    ),
    Rule(
        "framework-unknown",
        Weight.GALLERY,
        _MANIFEST,
        "A group of dependencies is for a framework that nobody knows.",
        '<group targetFramework="spork7.0">',
        check_groups,
    ),
    Rule(
        "framework-unreadable",
        Weight.ALWAYS,
        "NuGet clients, which fail on it",
        "A group of dependencies is for a framework whose name clients stop on.",
        '<group targetFramework=".NETStandard,Version=two">',
        check_groups,
    ),
    Rule(
        "assembly-framework-unknown",
        Weight.GALLERY,
        _MANIFEST,
        "A framework assembly is for a framework that nobody knows.",
        '<frameworkAssembly targetFramework="spork7.0" … />',
        check_assemblies,
    ),
    Rule(
        "dependency-repeated",
        Weight.GALLERY,
        _MANIFEST,
        "A group has two dependencies of one id.",
        '<dependency id="A" … /> and <dependency id="a" … />',
        check_dependencies,
    ),
    Rule(
        "dependency-on-itself",
        Weight.ALWAYS,
        "NuGet clients (NU1108)",
        "The package depends on its own id.",
        '<id>A</id> … <dependency id="A" … />',
        check_dependencies,
    ),
    Rule(
        "dependency-build-metadata",
        Weight.GALLERY,
        _MANIFEST,
        "A bound of a dependency has build metadata.",
        'version="[1.0.0+build]"',
        check_dependencies,
    ),
    Rule(
        "dependency-label-old",
        Weight.GALLERY,
        "NuGet clients 2.x",
        "A bound of a dependency has a label that does not begin with a letter, and is no SemVer 2.",
        'version="1.0.0-1a"',
        check_dependencies,
    ),
    Rule(
        "dependencies-mixed",
        Weight.GALLERY,
        "NuGet clients, which read groups only",
        "There are dependencies in groups and others beside them.",
        "<dependencies><dependency … /><group … /></dependencies>",
        check_shape,
    ),
    Rule(
        "dependency-range-missing",
        Weight.WARNING,
        "NuGet, nuspec reference",
        "A dependency has no version; it takes any.",
        '<dependency id="A" />',
        check_shape,
    ),
    Rule(
        "dependencies-too-long",
        Weight.GALLERY,
        "nuget.org, lengths",
        "The dependencies are longer in all than allowed.",
        "2,000 dependencies",
        check_length,
    ),
    Rule(
        "content-files-invalid",
        Weight.ALWAYS,
        "NuGet clients, which fail on it",
        "A content file has no include, or a flag that is neither true nor false.",
        '<files flatten="yes" />',
        check_content_files,
    ),
)
