"""The nuspec reader on packages of others, found through MOTHERLODE_PACKAGES."""

import json
import zipfile
from pathlib import Path
from typing import Any

from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.package import Package


def read(document: bytes) -> Package:
    """The package of a document without faults."""
    found = parse_nuspec(document)
    assert found.faults == ()
    assert found.package is not None
    return found.package


class TestOutsidePackages:
    """Packages of others, found through MOTHERLODE_PACKAGES."""

    def test_real_packages_read_as_an_independent_reader_read_them(self, packages):
        for expected in json.loads((packages / "real.json").read_text("utf-8")):
            assert _seen(read(_nuspec_in(packages / "real" / expected["file"]))) == _expected(expected)

    def test_made_packages_have_no_fault(self, packages):
        for case in json.loads((packages / "made" / "cases.json").read_text("utf-8")):
            identity = read(_nuspec_in(packages / "made" / case["file"])).identity
            assert (identity.id.written, identity.version.written) == (case["id"], case["version"])

    def test_what_only_looks_bad_has_no_fault(self, packages):
        cases = json.loads((packages / "bad" / "cases.json").read_text("utf-8"))
        ours = [case for case in cases if case["expect"] == 201 and case["kept"]]
        assert len(ours) > 40
        for case in ours:
            assert parse_nuspec(_nuspec_in(packages / "bad" / case["file"])).faults == (), case["file"]


def _nuspec_in(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.lower().endswith(".nuspec") and "/" not in name)
        return archive.read(name)


def _seen(package: Package) -> dict[str, Any]:
    groups = [
        {
            "framework": group.framework and group.framework.written,
            "dependencies": [
                {"id": found.id.written, "range": found.range.written or None, "exclude": found.exclude}
                for found in group.dependencies
            ],
        }
        for group in package.dependency_groups
    ]
    return {
        "identity": (package.identity.id.written, package.identity.version.written),
        "authors": package.authors,
        "license": package.license and {"type": package.license.kind, "value": package.license.value},
        "icon": (package.icon, package.icon_url),
        "readme": package.readme,
        "types": [kind.name for kind in package.package_types],
        "client": package.min_client_version,
        "flags": (package.development_dependency, package.require_license_acceptance),
        "groups": groups,
    }


def _expected(case: dict[str, Any]) -> dict[str, Any]:
    flat = [{"framework": None, "dependencies": case["flat_dependencies"]}] if case["flat_dependencies"] else []
    has_license = case["license"] and case["license"]["type"] != "url"
    return {
        "identity": (case["id"], case["version"]),
        "authors": case["authors"],
        "license": case["license"] if has_license else None,
        "icon": (case["icon"] and case["icon"].replace("\\", "/"), case["icon_url"]),
        "readme": case["readme"],
        "types": case["package_types"],
        "client": case["min_client_version"],
        "flags": (case["development_dependency"], case["require_license_acceptance"]),
        "groups": [
            {
                **group,
                "dependencies": [
                    {"id": found["id"], "range": found.get("range"), "exclude": found.get("exclude")}
                    for found in group["dependencies"]
                ],
            }
            for group in flat + case["dependency_groups"]
        ],
    }
