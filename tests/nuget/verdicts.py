"""What is told about a package made for a test, but for what every such package lacks."""

import io
from datetime import UTC, datetime

from motherlode.nuget.faults import Fault
from motherlode.nuget.nupkg import Limits, Strictness, ValidationResult, validate_nupkg

NOW = datetime(2024, 1, 2, 3, 4, 6, tzinfo=UTC)
LACKING = {"license-missing", "license-address-missing", "license-address-old", "readme-missing", "icon-address-old"}


def told(packed: bytes, limits: Limits | None = None) -> list[str]:
    """The codes of faults, then of warnings, on a feed that judges as the gallery does."""
    return [fault.code for fault in _found(packed, limits or Limits()) if fault.code not in LACKING]


def messages(packed: bytes) -> list[str]:
    """The sentences of all faults and warnings."""
    return [fault.message for fault in _found(packed, Limits())]


def judge(packed: bytes, strictness: Strictness) -> ValidationResult:
    """What a feed of that strictness says."""
    return validate_nupkg(io.BytesIO(packed), Limits(), NOW, strictness)


def _found(packed: bytes, limits: Limits) -> tuple[Fault, ...]:
    verdict = validate_nupkg(io.BytesIO(packed), limits, NOW)
    return verdict.faults + verdict.warnings
