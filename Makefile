# Needs Python ≥ 3.11 and make; everything else is installed into .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export SAM_CLI_TELEMETRY := 0

.PHONY: help
help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/ready: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.13 …")'
	@echo "Setting up $(VENV) (once, about a minute) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

.PHONY: demo up down
demo: $(VENV)/ready ## deploy to an emulated AWS, play Alipay, show what arrives
	@$(BIN)/python -m local.demo

up: $(VENV)/ready ## deploy to an emulated AWS anew, and leave it running
	@$(BIN)/python -m local.stack up

down: $(VENV)/ready ## stop what `make up` started
	@$(BIN)/python -m local.stack down

.PHONY: test check format
test: $(VENV)/ready ## run every test: unit, integration, template, faults, e2e
	$(BIN)/python -m pytest

check: $(VENV)/ready ## lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/ready ## let ruff format and fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: keyring
keyring: $(VENV)/ready ## look into and change a stack's keyring; ARGS="list"
	@$(BIN)/python -m local.keyring $(ARGS)

.PHONY: doctor
doctor: $(VENV)/ready ## why does it not verify? ARGS="request FILE --keyring keyring.json" or "stack"
	@$(BIN)/python -m local.doctor $(ARGS)

.PHONY: load
load: $(VENV)/ready ## send 20,000 notifications and reconcile them; ARGS="…"
	@$(BIN)/python -m local.load $(ARGS)

.PHONY: dashboard
dashboard: $(VENV)/ready ## draw the dashboard of a load run, docs/img/dashboard.svg; ARGS="…"
	@$(BIN)/python -m local.dashboard $(ARGS)

.PHONY: faults
faults: $(VENV)/ready ## run all 10,000 fault plans and the long state machine
	LONG=1 $(BIN)/python -m pytest tests/faults

.PHONY: fuzz
fuzz: $(VENV)/ready ## try hostile and odd inputs; ARGS="--seconds 3600 --seed 7"
	@PYTHONPATH=handler $(BIN)/python -m tests.fuzz $(ARGS)

.PHONY: bench
bench: $(VENV)/ready ## measure the function beside a do-it-yourself handler and the floor; ARGS="--rounds 21"
	@$(BIN)/python -m bench $(ARGS)

.PHONY: scale
scale: $(VENV)/ready ## work out costs and quotas, write docs/scale.md
	@$(BIN)/python -m local.scale --write

.PHONY: conformance
conformance: $(VENV)/ready ## compare with Alipay's own SDKs, write docs/conformance.md
	@PYTHONPATH=handler $(BIN)/python -m local.conformance

.PHONY: events catalogue lock clean
catalogue: $(VENV)/ready ## make the messages' pages and typed classes from their schemas
	@$(BIN)/python -m local.catalogue

events: $(VENV)/ready ## make the sample events and their keyring anew
	@$(BIN)/python -m local.events

lock: $(VENV)/ready ## resolve the pinned, hashed requirements anew
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.13 --python-platform aarch64-manylinux_2_28 --no-strip-extras --generate-hashes \
		--no-emit-index-url layers/dependencies/requirements.in -o layers/dependencies/requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url \
		-c layers/dependencies/requirements.txt requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.13 --no-strip-extras --generate-hashes --no-emit-index-url \
		-c layers/dependencies/requirements.txt examples/subscriber/requirements.in -o examples/subscriber/requirements.txt
	for sdk in alipay-sdk-python python-alipay-sdk; do $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--no-strip-extras --generate-hashes --no-emit-index-url tests/conformance/sdks/$$sdk.in -o tests/conformance/sdks/$$sdk.txt; done

clean: ## remove what the other targets made
	rm -rf $(VENV) .aws-sam .local
