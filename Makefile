# Everything that CI, hooks and people call. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
RUN := .venv/bin
# Tests wait for containers much of the time. What shares a server or a sandbox runs in one process.
AT_ONCE := -n auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

help: ## List the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Set this machine up: virtual environment, packages, Docker engine
	@scripts/setup.sh

python: ## Set up the virtual environment only
	@scripts/setup.sh python

demo: setup ## Set up, break the demo production, hand it over, reproduce it, try two patches; PORTS=any: free ports
	@PYTHONPATH=docker/demo $(RUN)/python -m demo_production up $(if $(filter any,$(PORTS)),--any-ports)

demo-down: python ## Remove everything the demo started
	@PYTHONPATH=docker/demo $(RUN)/python -m demo_production down

test: setup ## Set up, then run all tests that CI runs
	@$(RUN)/pytest $(AT_ONCE) -m "not heavy"

test-all: setup ## The same one by one, and the slow and destructive ones on an engine of their own
	@$(RUN)/pytest

unit: python ## Unit tests: no network, no Docker
	@$(RUN)/pytest tests/unit tests/contract

integration: setup ## One stage at a time against real servers
	@$(RUN)/pytest -m "not heavy" tests/integration

e2e: setup ## The installed command and the demo, end to end
	@$(RUN)/pytest -m "not heavy" tests/e2e

bench: setup ## Measure; prints ratios
	@$(RUN)/python benchmarks/demo.py
	@$(RUN)/python benchmarks/reset.py
	@$(RUN)/python benchmarks/keys.py
	@$(RUN)/python benchmarks/growth.py

bench-scale: setup ## Measure ten million keys and a large production; takes long
	@$(RUN)/python benchmarks/closure_memory.py
	@$(RUN)/python benchmarks/growth.py 40
	@$(RUN)/python benchmarks/odd_rows.py

fmt: python ## Format
	@$(RUN)/ruff format .
	@$(RUN)/ruff check --fix-only --quiet .

lint: python ## Style, format, import contracts, shell scripts, generated files
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(RUN)/lint-imports
	@set -e; for script in scripts/*.sh docker/*/start docker/*/ready .ci/run; do bash -n $$script; done
	@set -e; for script in $(wildcard sandbox/*/*.sh); do sh -n $$script; done
	@$(RUN)/python scripts/document_cli.py --check
	@$(RUN)/pytest --collect-only --quiet --no-header >/dev/null || $(RUN)/pytest --collect-only --quiet
	@$(RUN)/python scripts/gather_words.py --check

type: python ## Types
	@$(RUN)/mypy

check: lint type ## Lint and types

docs: python ## Write what is generated: parts of the documentation, the list of everyday words
	@$(RUN)/python scripts/document_cli.py
	@$(RUN)/python scripts/gather_words.py

lock: python ## Pin all dependencies anew (needs uv)
	@uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.lock

clean: ## Remove what was made in this folder (not images, not containers)
	@rm -rf .venv .demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help setup python demo demo-down test test-all unit integration e2e bench bench-scale fmt lint type check docs lock clean
