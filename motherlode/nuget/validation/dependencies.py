"""Rules for dependencies, their target frameworks, and the other parts of the nuspec that a restore reads."""

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
"""The values of NuGet.ProjectModel's BuildAction, in lower case: clients ignore case here."""


def check_groups(subject: Subject) -> Iterator[Fault]:
    """Check the target frameworks of the dependency groups."""
    groups = subject.package.dependency_groups
    for framework, count in Counter(group.framework for group in groups).items():
        name = _name_of(framework)
        if count > 1:
            yield Fault("dependency-group-repeated", f"There are {count} dependency groups for {name}. Merge them.")
        if framework is None or framework.is_supported:
            continue
        if not framework.is_readable:
            yield _unreadable(framework, "a dependency group")
        else:
            message = f"A dependency group is for the unknown target framework {name}. Use one such as net8.0."
            yield Fault("framework-unknown", message)


def check_assemblies(subject: Subject) -> Iterator[Fault]:
    """Check the target frameworks of the framework assemblies."""
    elements = subject.metadata.children_named("frameworkAssemblies", "frameworkAssembly")
    listed = (element.find_attribute("targetFramework") or "" for element in elements)
    names = dict.fromkeys(trim(name) for names in dict.fromkeys(listed) for name in names.split(","))
    for name in names:
        framework = find_framework(name)
        if framework is not None and not framework.is_readable:
            yield _unreadable(framework, "a framework assembly")
        elif framework is not None and not framework.is_supported:
            message = f"A framework assembly is for the unknown target framework {quote(name)}. Use one such as net472."
            yield Fault("assembly-framework-unknown", message)


def check_dependencies(subject: Subject) -> Iterator[Fault]:
    """Check each dependency, and that no group has two dependencies on the same id."""
    own_id = subject.identity.id if subject.identity else None
    for group in subject.package.dependency_groups:
        counts = Counter(dependency.id for dependency in group.dependencies)
        for package_id, count in counts.items():
            name = quote(package_id.written)
            if count > 1:
                message = f"The dependency on {name} appears {count} times for {_name_of(group.framework)}. Keep one."
                yield Fault("dependency-repeated", message)
            if package_id == own_id:
                message = "The package depends on itself, so no client can restore it. Remove that dependency."
                yield Fault("dependency-on-itself", message)
        for dependency in group.dependencies:
            yield from _faults_of_bounds(dependency)


def check_shape(subject: Subject) -> Iterator[Fault]:
    """Check that dependencies are all in groups or all outside, and that each has a version."""
    flat = subject.metadata.children_named("dependencies", "dependency")
    groups = subject.metadata.children_named("dependencies", "group")
    if flat and groups:
        message = "Some dependencies are outside the groups, where clients ignore them. Put all dependencies in groups."
        yield Fault("dependencies-mixed", message)
    grouped = subject.metadata.children_named("dependencies", "group", "dependency")
    without = [element for element in (grouped if groups else flat) if not _version_of(element)]
    if without:
        name = quote(without[0].find_attribute("id") or "")
        message = f"The dependency on {name} has no version, so any version satisfies it. Specify the lowest version."
        yield Fault("dependency-range-missing", message)


def check_length(subject: Subject) -> Iterator[Fault]:
    """Check the length of all dependencies together, counted as one line of ids, ranges and frameworks."""
    length = sum(map(_length_of_group, subject.package.dependency_groups))
    most = subject.limits.max_dependencies_length
    if length > most:
        message = f"The dependencies have {length} characters in all; at most {most} are allowed. Remove some."
        yield Fault("dependencies-too-long", message)


def check_content_files(subject: Subject) -> Iterator[Fault]:
    """Check the content files for what makes a restore fail."""
    for element in subject.metadata.children_named("contentFiles", "files"):
        if element.find_attribute("include") is None:
            message = 'A <files> in <contentFiles> has no include, so clients fail. Add include="…".'
            yield Fault("content-files-invalid", message)
        for name in ("flatten", "copyToOutput"):
            text = element.find_attribute(name)
            if text is not None and text.lower() not in ("true", "false"):
                message = f"A <files> in <contentFiles> has {name}={quote(text)}. Use true or false."
                yield Fault("content-files-invalid", message)

        action = element.find_attribute("buildAction")
        if action and action.lower() not in _BUILD_ACTIONS:
            message = (
                f"A <files> in <contentFiles> has buildAction={quote(action)}, so clients fail. Use Compile, Content, "
                "EmbeddedResource or None."
            )
            yield Fault("content-files-invalid", message)


def check_references(subject: Subject) -> Iterator[Fault]:
    """Check the groups of references and framework references for what makes a restore fail."""
    for group in subject.metadata.children_named("references", "group"):
        framework = find_framework(group.find_attribute("targetFramework"))
        if framework is not None and not framework.is_readable:
            yield _unreadable(framework, "a reference group")
    for group in subject.metadata.children_named("frameworkReferences", "group"):
        yield from _faults_of_framework_references(group)


def _faults_of_framework_references(group: RawElement) -> Iterator[Fault]:
    framework = group.find_attribute("targetFramework") or ""
    if not framework.strip():
        message = "A group in <frameworkReferences> has no targetFramework, so clients fail. Add one."
        yield Fault("framework-reference-invalid", message)
    elif not parse_framework(framework).is_readable:
        yield _unreadable(parse_framework(framework), "a framework reference group")
    for element in group.children_named("frameworkReference", namespace=group.namespace):
        if not (element.find_attribute("name") or "").strip():
            message = "A <frameworkReference> has no name, so clients fail. Add name=…, or remove the element."
            yield Fault("framework-reference-invalid", message)


def _unreadable(framework: Framework, owner: str) -> Fault:
    message = (
        f"Clients cannot read the target framework {_name_of(framework)} of {owner}. Use one such as net8.0, with a "
        "numeric version and no hyphen in a portable profile."
    )
    return Fault("framework-unreadable", message)


def _faults_of_bounds(dependency: Dependency) -> Iterator[Fault]:
    bounds = dict.fromkeys(bound for bound in (dependency.range.min, dependency.range.max) if bound is not None)
    name = quote(dependency.id.written)
    for bound in bounds:
        if bound.metadata:
            message = (
                f"The dependency on {name} has a version with build metadata ({quote(bound.full)}). "
                f"Use {bound.normalized}."
            )
            yield Fault("dependency-build-metadata", message)
        if not is_legal_for_2x(bound):
            message = (
                f"The dependency on {name} has the version {quote(bound.written)}, whose prerelease label does not "
                "begin with a letter. Use another version."
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
        "Two dependency groups are for the same target framework.",
        '<group targetFramework="net8.0"> twice',
        check_groups,
    ),
    Rule(
        "framework-unknown",
        Severity.GALLERY,
        _MANIFEST,
        "A dependency group is for an unknown target framework.",
        '<group targetFramework="spork7.0">',
        check_groups,
    ),
    Rule(
        "framework-unreadable",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "The name of a target framework, in the nuspec or as a folder, makes clients fail.",
        '<group targetFramework=".NETStandard,Version=two">',
        check_groups,
    ),
    Rule(
        "assembly-framework-unknown",
        Severity.GALLERY,
        _MANIFEST,
        "A framework assembly is for an unknown target framework.",
        '<frameworkAssembly targetFramework="spork7.0" … />',
        check_assemblies,
    ),
    Rule(
        "dependency-repeated",
        Severity.GALLERY,
        _MANIFEST,
        "A group has two dependencies on the same id.",
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
        "A version in a dependency's range has build metadata.",
        'version="[1.0.0+build]"',
        check_dependencies,
    ),
    Rule(
        "dependency-label-old",
        Severity.GALLERY,
        "NuGet clients 2.x",
        "A version in a dependency's range is not SemVer 2 and its prerelease label does not begin with a letter.",
        'version="1.0.0-1a"',
        check_dependencies,
    ),
    Rule(
        "dependencies-mixed",
        Severity.GALLERY,
        "NuGet clients, which read groups only",
        "Some dependencies are in groups and some are not.",
        "<dependencies><dependency … /><group … /></dependencies>",
        check_shape,
    ),
    Rule(
        "dependency-range-missing",
        Severity.WARNING,
        "NuGet, nuspec reference",
        "A dependency has no version, so any version satisfies it.",
        '<dependency id="A" />',
        check_shape,
    ),
    Rule(
        "dependencies-too-long",
        Severity.GALLERY,
        "nuget.org, lengths",
        "The dependencies together are longer than allowed.",
        "2,000 dependencies",
        check_length,
    ),
    Rule(
        "content-files-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "A content file has no include, a flag that is not true or false, or an unknown build action.",
        '<files flatten="yes" />',
        check_content_files,
    ),
    Rule(
        "framework-reference-invalid",
        Severity.ALWAYS,
        "NuGet clients, which fail on it",
        "A framework reference has no name, or its group has no target framework.",
        '<frameworkReferences><group><frameworkReference name="A" /></group></frameworkReferences>',
        check_references,
    ),
)
