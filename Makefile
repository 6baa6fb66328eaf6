# The two commands of a newcomer are `make demo` and `make test`; each does all its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PACKAGES := hub services hubctl sim tests infra
STAMP := .venv/.installed
MAKE_VENV := $(PYTHON) -m venv --clear .venv >/dev/null
# Debian packs venv apart from Python
GET_VENV := test "$$(id -u)" = 0 && apt-get -qq update && apt-get -qq install -y python3-venv
# the tools that judge alert rules and routes; RUNLEVEL=1 keeps the package from starting daemons
GET_PROMTOOL := test "$$(id -u)" = 0 && apt-get -qq update && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends prometheus prometheus-alertmanager
PIP := $(BIN)/pip install --disable-pip-version-check
# pip's many lines as one that counts
SHOW_PIP := awk -v all=$$(grep -c '^[a-zA-Z0-9].*==' requirements-dev.lock) '/^(Collecting|Requirement already)/ {printf "\r  %d of %d collected", ++n, all; fflush()} /^Installing/ {printf "\r  %d of %d collected, unpacking …", n, all; fflush()} /^Successfully/ {printf " done"} END {print ""}'
PIN := $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras

.PHONY: help setup demo test unit contract stack-tests crash-tests check lint types format schemas bench down lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Install everything into .venv (done by the others when needed)

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/pip || $(MAKE_VENV) || { $(GET_VENV) && $(MAKE_VENV); } || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	@echo "installing the pinned libraries into .venv"
	@PYTHONUNBUFFERED=1 $(PIP) --require-hashes -r requirements-dev.lock | $(SHOW_PIP)
	@$(PIP) -qq --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## The whole hub on this machine: 200 real documents, and what happened
	@$(BIN)/hubctl local up --set notifier.HUB_NOT_FETCHED_SECONDS=15
	@$(BIN)/sim demo

down: ## Stop the local stack; its data stays
	@if test -x $(BIN)/hubctl; then $(BIN)/hubctl local down; fi

test: setup unit contract stack-tests ## All tests: unit, contract, integration, end-to-end with crashes

unit: setup ## Fast tests, sockets off
	@$(BIN)/python -m pytest -q -n 2 tests/unit

contract: setup ## Architecture, schemas, containers, alert rules
	@{ command -v promtool && command -v amtool; } >/dev/null || { $(GET_PROMTOOL) >/dev/null; } || { echo "promtool and amtool are missing: apt-get install prometheus prometheus-alertmanager"; exit 1; }
	@$(BIN)/python -m pytest -q tests/contract -m "not stack"

stack-tests: setup ## HTTP contract, integration, end-to-end and crash tests on two real stacks of their own
	@$(BIN)/python -m pytest -q -m "stack and not long" -n 2 --dist loadfile tests

crash-tests: setup ## kill -9 of each service by itself, at each step
	@$(BIN)/python -m pytest -v -m "stack and long" tests

check: setup lint types ## Lint, types, architecture, schemas
	@$(BIN)/python -m pytest -q tests/contract/test_architecture.py tests/contract/test_schemas.py

lint: setup ## ruff: rules and layout
	@$(BIN)/ruff check $(PACKAGES)
	@$(BIN)/ruff format --check $(PACKAGES)

types: setup ## mypy, strict, tests too
	@$(BIN)/mypy

format: setup ## Lay the code out
	@$(BIN)/ruff check --fix --quiet $(PACKAGES)
	@$(BIN)/ruff format $(PACKAGES)

schemas: setup ## Write schemas/avro from the event classes
	@$(BIN)/hubctl schemas write

bench: setup ## Measure the running hub; prints one JSON line
	@$(BIN)/hubctl local up --set notifier.HUB_NOT_FETCHED_SECONDS=1800
	@$(BIN)/sim bench

lock: setup ## Pin the libraries anew
	@$(PIN) -o requirements-dev.lock requirements-dev.in
	@$(PIN) -c requirements-dev.lock -o requirements.lock requirements.in

clean: down ## Remove everything that was installed or made
	rm -rf .venv .local build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
