"""What is kept in memory of a package while it is read does not grow with it, however its files are called."""

import tracemalloc
from datetime import UTC, datetime
from io import BytesIO

import pytest

from motherlode.nuget.limits import Limits
from motherlode.nuget.nupkg import ValidationResult, validate_nupkg
from tests.support.builders import Member, nuspec, zip_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LIMITS = Limits(max_embedded_bytes=256 * 1024, max_inflated_bytes=1024 * 1024)
MANY = 100
MORE = "<icon>i.png</icon><readme>r.md</readme><license type='file'>l.txt</license>"


def judge(name: str) -> tuple[ValidationResult, int]:
    """What is said of a package with so many files of that name, each as large as a kept one may be, and the most
    bytes that were in use on the way."""
    packed = Member(name, bytes(LIMITS.max_embedded_bytes))
    package = zip_of([Member("Acme.Widgets.nuspec", nuspec(more=MORE)), *[packed] * MANY])
    tracemalloc.start()
    try:
        verdict = validate_nupkg(BytesIO(package), LIMITS, NOW)
        return verdict, tracemalloc.get_traced_memory()[1] - len(package)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", [".signature.p7s", "i.png", "r.md", "l.txt", "a.nuspec", "lib/a.dll"])
def test_files_that_are_kept_are_kept_once(name: str) -> None:
    verdict, most_bytes = judge(name)
    assert {"archive-inflates", "entry-twice"} <= {fault.code for fault in verdict.faults}
    assert most_bytes < 8 * LIMITS.max_embedded_bytes
