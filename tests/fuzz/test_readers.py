"""The fuzzers of `fuzz/`: their claims hold for what they begin with, and a short search finds nothing against them."""

import importlib.util
import os
from pathlib import Path

import pytest

from fuzz.guided import run_target
from fuzz.targets import TARGETS, Target, find_target

SECONDS = 5


@pytest.fixture(scope="session")
def guided() -> None:
    """Runs under coverage need atheris, which there is for Linux alone."""
    if importlib.util.find_spec("atheris") is None:
        reason = "atheris is not installed: there are packages of it for Linux"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_claim_holds_for_what_the_fuzzer_begins_with(target: Target):
    seeds = list(target.seeds())
    assert seeds
    for seed in seeds:
        target.claim(seed)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_short_search_finds_nothing(guided: None, target: Target, tmp_path: Path):
    """The long one is `make fuzz`."""
    run = run_target(target, SECONDS, tmp_path, seed=1)
    assert run.finding is None, run.finding
    assert run.inputs > len(list(target.seeds()))
    assert run.covered > 0


def test_a_search_that_fails_is_told(guided: None, tmp_path: Path):
    nobody = find_target("versions")
    assert nobody is not None
    unknown = Target("nobody", nobody.claim, nobody.seeds, nobody.words, nobody.max_bytes)
    assert "There is no target nobody" in (run_target(unknown, 1, tmp_path).finding or "")
