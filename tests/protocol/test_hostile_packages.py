"""Packages that are made to take long, or that a library fails at: answered with 400 by push and check, and soon."""

import json

import pytest

from tests.bounds.hostile_inputs import PACKAGES
from tests.support.builders import nupkg, nuspec
from tests.support.servers import Server


def codes(body: bytes) -> set[str]:
    """The codes of what a check found."""
    return {fault["code"] for fault in json.loads(body)["faults"]}


@pytest.mark.parametrize(
    "text", ["(OR MIT", "(AND MIT)", "MIT OR (AND Apache-2.0)", "()", "((", ") MIT (", "WITH", "MIT WITH", "(MIT WITH"]
)
def test_a_license_that_the_library_fails_at_is_a_fault(shared_server: Server, text: str) -> None:
    package = nupkg(nuspec=nuspec(more=f'<license type="expression">{text}</license>'))
    pushed, checked = shared_server.push(package), shared_server.check(package)
    assert (pushed.status, checked.status) == (400, 200)
    assert "license-expression-invalid" in codes(checked.body)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("names-of-marks", "entry-name-too-long"),
        ("signatures", "archive-inflates"),
        ("signature-of-values", "signature-unreadable"),
        ("signature-of-ends", "signature-unreadable"),
        ("server-json", "mcp-server-invalid"),
    ],
)
def test_a_package_that_takes_long_is_refused(shared_server: Server, name: str, code: str) -> None:
    package = PACKAGES[name]()
    pushed, checked = shared_server.push(package), shared_server.check(package)
    assert (pushed.status, checked.status) == (400, 200)
    assert code in codes(checked.body)
