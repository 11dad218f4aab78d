# make serve   makes what it needs and runs the server on http://127.0.0.1:5555
# make test    installs what the tests need and runs them all
# make fuzz    looks for inputs that readers do not stand; FUZZ=http sends them to a server; FUZZ_SECONDS for each reader
# make screenshots   draws the pages that the README shows, in docs/images
# make bench   measures beside nginx; CASES="index search-*" only some, BENCH_ARGS=--profile where the time goes
#
# Everything is installed into VENV, inside the tree; a stamp in it says for which pins it is good, so that a second
# time costs nothing.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
TESTS ?= tests
CASES ?=
BENCH_ARGS ?=
FUZZ ?=
FUZZ_SECONDS ?= 300
BIN := $(VENV)/bin
AXE := axe-core@4.14.1
RENOVATE := renovate@39.264.1
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: serve test check fuzz bench screenshots setup setup-test debian clean

serve: $(VENV)/run.stamp
	@exec $(BIN)/motherlode serve $(ARGS)

test: setup-test check
	@$(BIN)/pytest -n $${PYTEST_WORKERS:-2} --dist loadscope $(TESTS)

check: $(VENV)/test.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

fuzz: $(VENV)/test.stamp
	@$(BIN)/python -m fuzz $(if $(filter http,$(FUZZ)),http,--seconds $(FUZZ_SECONDS) $(FUZZ))

screenshots: $(VENV)/test.stamp
	@tools/install-debian-packages
	@tools/install-debian-packages fonts-dejavu-core fonts-inter
	@$(BIN)/python -m tests.browser.screenshots docs/images

bench: $(VENV)/bench.stamp
	@tools/install-debian-packages nginx-light wrk
	@set -f; $(BIN)/python -m bench $(BENCH_ARGS) $(CASES)

setup: $(VENV)/run.stamp

setup-test: $(VENV)/test.stamp
	@tools/install-debian-packages
	@$(MAKE) --no-print-directory $(VENV)/node.stamp

$(VENV)/run.stamp: requirements/run.txt requirements/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Motherlode needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Install python3-venv first: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing Motherlode into $(VENV) ..." >&2
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt -r requirements/build.txt >&2
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements/test.txt
	@echo "Installing what the tests need into $(VENV) ..." >&2
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/test.txt >&2
	@touch $@

$(VENV)/node.stamp: Makefile $(VENV)/test.stamp
	@echo "Installing $(AXE) and $(RENOVATE) into $(VENV)/node ..." >&2
	@npm install --prefix $(VENV)/node --no-save --no-package-lock --no-audit --no-fund --silent --ignore-scripts \
	    $(AXE) $(RENOVATE) >&2 && touch $@ \
	  || echo "npm did not bring $(AXE) and $(RENOVATE): tests that use them are skipped, but in CI fail." >&2

$(VENV)/bench.stamp: $(VENV)/run.stamp requirements/bench.txt
	@echo "Installing what measuring needs into $(VENV) ..." >&2
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/bench.txt >&2
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
