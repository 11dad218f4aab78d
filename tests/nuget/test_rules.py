"""The table of rules: whole, without doubles, and every rule noticed when it is broken."""

import io
import tracemalloc
from datetime import UTC, datetime

import pytest

from motherlode.nuget.nupkg import Limits, Strictness, ValidationResult, validate_nupkg
from motherlode.nuget.validation.rule import Severity
from motherlode.nuget.validation.rules import BY_CODE, RULES
from tests.nuget.rule_breaches import BREACHES, EXPRESSION, README
from tests.support.builders import nupkg

NOW = datetime(2024, 1, 2, 3, 4, 6, tzinfo=UTC)
SOUND = nupkg(
    more=EXPRESSION.format("MIT"),
    licenseUrl="https://licenses.nuget.org/MIT",
    readme="README.md",
    files={"README.md": README},
)


def judge(packed: bytes, strictness: Strictness = Strictness.GALLERY) -> ValidationResult:
    return validate_nupkg(io.BytesIO(packed), Limits(), NOW, strictness)


def codes_of(verdict: ValidationResult) -> set[str]:
    return {fault.code for fault in (*verdict.faults, *verdict.warnings)}


def test_a_sound_package_breaks_no_rule() -> None:
    verdict = judge(SOUND)
    assert verdict.nupkg is not None
    assert codes_of(verdict) == set()


def test_every_code_is_there_once() -> None:
    assert len(BY_CODE) == len(RULES)


def test_every_rule_that_judges_has_a_breach() -> None:
    assert set(BREACHES) == {rule.code for rule in RULES if rule.check is not None}


@pytest.mark.parametrize("code", BREACHES)
def test_a_breach_is_told_as_the_rule_says(code: str) -> None:
    rule = BY_CODE[code]
    for strictness in Strictness:
        verdict = judge(BREACHES[code], strictness)
        place = verdict.faults if rule.refuses(strictness) else verdict.warnings
        assert code in {fault.code for fault in place}
        assert (verdict.nupkg is None) == any(BY_CODE[told].refuses(strictness) for told in codes_of(verdict))


@pytest.mark.parametrize("code", BREACHES)
def test_a_message_is_a_sentence_for_the_publisher(code: str) -> None:
    verdict = judge(BREACHES[code])
    for fault in (*verdict.faults, *verdict.warnings):
        assert fault.message.isprintable()
        assert fault.message.endswith(".")
        assert 30 < len(fault.message) < 300


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_it_is_about_and_whose_it_is(rule) -> None:
    assert rule.about.endswith(".")
    assert "|" not in rule.about + rule.example + rule.clause
    assert rule.clause
    assert rule.example


def test_where_feeds_are_lenient_only_what_hurts_is_refused() -> None:
    weights = {weight: {rule.code for rule in RULES if rule.weight is weight} for weight in Severity}
    assert {rule.code for rule in RULES if rule.refuses(Strictness.LENIENT)} == weights[Severity.ALWAYS]
    assert {rule.code for rule in RULES if rule.refuses(Strictness.GALLERY)} == (
        weights[Severity.ALWAYS] | weights[Severity.GALLERY]
    )


def test_a_large_package_is_judged_in_memory_that_is_not_large() -> None:
    packed = nupkg(dependencies={f"Package.Number{n}": "[1.0.0-1a,2.0.0-1b]" for n in range(5000)})
    judge(SOUND)
    tracemalloc.start()
    try:
        assert judge(packed).faults
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 40 * 1024 * 1024
