# The commands of the house. `make demo` and `make test` need git, make and Python 3.11 or newer; they install the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help setup demo test conformance check format words screens bench lock clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' Makefile | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## make .venv with porchlight, porchlight-agent and porchlight-sim in it

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Porchlight needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); \
		else echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; fi; }
	@echo "Installing what Porchlight stands on (about a minute, once) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## sign a TV in with your phone (UNATTENDED=1 plays the phone too)
	@$(BIN)/porchlight demo $(if $(UNATTENDED),--unattended)

test: setup ## install what the tests need where that is allowed, then run every test
	@$(BIN)/python -m tests.needs
	@$(BIN)/python -m pytest $(ARGS)

conformance: setup ## run the tests of the standards' requirements, item by item (ARGS="DPOP TX-03" for some)
	@$(BIN)/python -m tests.needs
	@$(BIN)/python -m tests.conformance $(ARGS)

check: setup ## ruff, mypy (strict), import-linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## let ruff put the code in order
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

words: setup ## bring the catalogues of the pages' languages into step, and say what is left to translate
	@$(BIN)/python -m tests.catalogues $(ARGS)

screens: setup ## draw the pictures in docs/screens anew: every page and state of TV and phone
	@$(BIN)/python -m tests.needs
	@$(BIN)/python -m tests.screens

bench: setup ## measure, beside a bare server and the peers (see bench/README.md)
	@$(BIN)/python -m bench $(ARGS)

LOCK = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --upgrade

lock: ## pin every dependency again, with hashes (needs uv)
	uv pip compile pyproject.toml $(LOCK) --all-extras --group dev -o requirements-dev.lock
	uv pip compile pyproject.toml $(LOCK) --extra server -c requirements-dev.lock -o requirements.lock
	uv pip compile pyproject.toml $(LOCK) --extra sim -c requirements-dev.lock -o requirements-sim.lock
	echo hatchling | uv pip compile - $(LOCK) -c requirements-dev.lock -o requirements-build.lock

clean: ## remove .venv and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
