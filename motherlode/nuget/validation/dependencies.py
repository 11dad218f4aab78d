"""Rules of the dependencies, of the frameworks they are for, and of what else a restore reads out of the nuspec."""

from collections import Counter
from collections.abc import Iterator

from motherlode.nuget.blanks import trim
from motherlode.nuget.faults import Fault
from motherlode.nuget.frameworks import Framework, find_framework, parse_framework
from motherlode.nuget.nuspec.nuspec_xml import RawElement
from motherlode.nuget.package import Dependency, DependencyGroup
from motherlode.nuget.quoting import quote
from motherlode.nuget.validation.identity import is_legal_for_2x
from motherlode.nuget.validation.rule import Rule, Severity, Subject, length_of

_BUILD_ACTIONS = frozenset(
    {
        *("none", "compile", "content", "embeddedresource", "applicationdefinition", "page", "resource"),
        *("splashscreen", "designdata", "designdatawithdesigntimecreatabletypes", "codeanalysisdictionary"),
        *("androidasset", "androidresource", "bundleresource"),
    }
)
"""Those of NuGet.ProjectModel's BuildAction, which know no letter case."""


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
            yield _unreadable(framework, "a group of dependencies")
        else:
            message = f"There is no framework {name}, which a group of dependencies is for: write one such as net8.0."
            yield Fault("framework-unknown", message)


def check_assemblies(subject: Subject) -> Iterator[Fault]:
    """Look at the frameworks of the framework assemblies."""
    elements = subject.metadata.children_named("frameworkAssemblies", "frameworkAssembly")
    listed = (element.find_attribute("targetFramework") or "" for element in elements)
    names = dict.fromkeys(trim(name) for names in dict.fromkeys(listed) for name in names.split(","))
    for name in names:
        framework = find_framework(name)
        if framework is not None and not framework.is_readable:
            yield _unreadable(framework, "a framework assembly")
        elif framework is not None and not framework.is_supported:
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
    flat = subject.metadata.children_named("dependencies", "dependency")
    groups = subject.metadata.children_named("dependencies", "group")
    if flat and groups:
        message = (
            "Some dependencies are in groups and some are not, and clients see the groups only: put all in groups."
        )
        yield Fault("dependencies-mixed", message)
    grouped = subject.metadata.children_named("dependencies", "group", "dependency")
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
    for element in subject.metadata.children_named("contentFiles", "files"):
        if element.find_attribute("include") is None:
            message = 'A <files> of the <contentFiles> has no include, on which clients stop: say include="…".'
            yield Fault("content-files-invalid", message)
        for name in ("flatten", "copyToOutput"):
            text = element.find_attribute(name)
            if text is not None and text.lower() not in ("true", "false"):
                message = f"A <files> of the <contentFiles> has {name}={quote(text)}: write true or false."
                yield Fault("content-files-invalid", message)

        action = element.find_attribute("buildAction")
        if action and action.lower() not in _BUILD_ACTIONS:
            message = (
                f"A <files> of the <contentFiles> has buildAction={quote(action)}, on which clients stop: write "
                "Compile, Content, EmbeddedResource or None."
            )
            yield Fault("content-files-invalid", message)


def check_references(subject: Subject) -> Iterator[Fault]:
    """Look for groups of references that make a client stop."""
    for group in subject.metadata.children_named("references", "group"):
        framework = find_framework(group.find_attribute("targetFramework"))
        if framework is not None and not framework.is_readable:
            yield _unreadable(framework, "a group of references")
    for group in subject.metadata.children_named("frameworkReferences", "group"):
        yield from _faults_of_framework_references(group)


def _faults_of_framework_references(group: RawElement) -> Iterator[Fault]:
    framework = group.find_attribute("targetFramework") or ""
    if not framework.strip():
        message = "A group of the <frameworkReferences> has no framework, on which clients stop: say targetFramework=…."
        yield Fault("framework-reference-invalid", message)
    elif not parse_framework(framework).is_readable:
        yield _unreadable(parse_framework(framework), "a group of framework references")
    for element in group.children_named("frameworkReference", namespace=group.namespace):
        if not (element.find_attribute("name") or "").strip():
            message = "A <frameworkReference> has no name, on which clients stop: say name=…, or remove it."
            yield Fault("framework-reference-invalid", message)


def _unreadable(framework: Framework, owner: str) -> Fault:
    message = (
        f"Clients cannot read the framework {_name_of(framework)} of {owner}: write one such as net8.0, with a number "
        "for its version and no hyphen inside of a portable one."
    )
    return Fault("framework-unreadable", message)


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
        Severity.GALLERY,
        _MANIFEST,
        "There are two groups of dependencies for one framework.",
        '<group targetFramework="net8.0"> twice',
        check_groups,
    ),
    Rule(
        "framework-unknown",
        Severity.GALLERY,
        _MANIFEST,
        "A group of dependencies is for a framework that nobody knows.",
        '<group targetFramework="spork7.0">',
        check_groups,
    ),
    Rule(
        "framework-unreadable",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "A framework has a name that clients stop on, in the nuspec or as a folder.",
        '<group targetFramework=".NETStandard,Version=two">',
        check_groups,
    ),
    Rule(
        "assembly-framework-unknown",
        Severity.GALLERY,
        _MANIFEST,
        "A framework assembly is for a framework that nobody knows.",
        '<frameworkAssembly targetFramework="spork7.0" … />',
        check_assemblies,
    ),
    Rule(
        "dependency-repeated",
        Severity.GALLERY,
        _MANIFEST,
        "A group has two dependencies of one id.",
        '<dependency id="A" … /> and <dependency id="a" … />',
        check_dependencies,
    ),
    Rule(
        "dependency-on-itself",
        Severity.ALWAYS,
        "NuGet clients (NU1108)",
        "The package depends on its own id.",
        '<id>A</id> … <dependency id="A" … />',
        check_dependencies,
    ),
    Rule(
        "dependency-build-metadata",
        Severity.GALLERY,
        _MANIFEST,
        "A bound of a dependency has build metadata.",
        'version="[1.0.0+build]"',
        check_dependencies,
    ),
    Rule(
        "dependency-label-old",
        Severity.GALLERY,
        "NuGet clients 2.x",
        "A bound of a dependency has a label that does not begin with a letter, and is no SemVer 2.",
        'version="1.0.0-1a"',
        check_dependencies,
    ),
    Rule(
        "dependencies-mixed",
        Severity.GALLERY,
        "NuGet clients, which read groups only",
        "There are dependencies in groups and others beside them.",
        "<dependencies><dependency … /><group … /></dependencies>",
        check_shape,
    ),
    Rule(
        "dependency-range-missing",
        Severity.WARNING,
        "NuGet, nuspec reference",
        "A dependency has no version; it takes any.",
        '<dependency id="A" />',
        check_shape,
    ),
    Rule(
        "dependencies-too-long",
        Severity.GALLERY,
        "nuget.org, lengths",
        "The dependencies are longer in all than allowed.",
        "2,000 dependencies",
        check_length,
    ),
    Rule(
        "content-files-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "A content file has no include, a flag that is neither true nor false, or a build action that clients lack.",
        '<files flatten="yes" />',
        check_content_files,
    ),
    Rule(
        "framework-reference-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "A framework reference has no name, or its group no framework.",
        '<frameworkReferences><group><frameworkReference name="A" /></group></frameworkReferences>',
        check_references,
    ),
)
