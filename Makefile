# From a clone to a running Steward, its tests and its measurements. Needs Python 3.11 or later, git and make.
# `make` alone lists the targets.

STEWARD := .venv/bin/steward
PIP := .venv/bin/python -m pip --disable-pip-version-check
PYTEST_WORKERS ?= 2
N ?= 2000
BROKER ?= embedded
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help .venv demo test test-playground test-emulate lint format lock clean bench-retrieval bench-logs bench-meetings bench-email chaos need-data

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

# --- The environment. Each stamp is what the step before it made, so a changed lock rebuilds and nothing else does.

.venv: .venv/.steward-installed

.venv/.lock-installed: requirements.lock deploy/make_venv.sh
	@sh deploy/make_venv.sh
	@touch $@

# setuptools is in the lock, so building the project itself fetches nothing.
.venv/.steward-installed: .venv/.lock-installed pyproject.toml assistant/knowledge/minilm_onnx.py
	@$(PIP) install -qq --no-index --no-deps --no-build-isolation --editable .
	@.venv/bin/python -m assistant.knowledge.minilm_onnx
	@touch $@

.venv/.dev-installed: .venv/.steward-installed requirements-dev.lock
	@$(PIP) install -qq --no-deps --require-hashes --no-build-isolation --requirement requirements-dev.lock
	@touch $@

lock: ## resolve pyproject.toml again into both locks (ARGS=--upgrade for newer versions)
	@bash deploy/lock.sh $(ARGS)

# --- What people run

demo: .venv ## install, ingest the demo company, start, and open the page
	@$(STEWARD) demo $(ARGS)

test: .venv/.dev-installed ## run the tests (ARGS='-k words' for some; REQUIRE_SERVICES=1 skips none)
	@.venv/bin/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile $(ARGS)

PLAYGROUND := @microsoft/m365agentsplayground@0.2.28

test-playground: .venv/.dev-installed ## the Teams page against Microsoft's Agents Playground (needs Node.js 20 and npm)
	@npm install --silent --no-save $(PLAYGROUND)
	@.venv/bin/python -m pytest -m playground $(ARGS)

EMULATE := emulate@0.12.2

test-emulate: .venv/.dev-installed ## the Slack app with messages kept by emulate, a Slack of npm's (needs Node.js 20)
	@npm install --silent --no-save $(EMULATE)
	@.venv/bin/python -m pytest --emulate tests/unit/bot/platforms/slack $(ARGS)

lint: .venv/.dev-installed ## style, types and import contracts
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: .venv/.dev-installed ## lay the code out the way lint wants it
	@.venv/bin/ruff check --quiet --fix .
	@.venv/bin/ruff format --quiet .

# --- Measurements: each prints a table and, last, one line of JSON

need-data:
	@test -n "$(DATA)" || { echo "Say where the data is: make $(MAKECMDGOALS) DATA=FOLDER" >&2; exit 1; }

bench-retrieval: need-data .venv ## DATA=FOLDER: hybrid search beside BM25 and dense alone
	@$(STEWARD) bench retrieval --data "$(DATA)" $(ARGS)

bench-logs: need-data .venv/.dev-installed ## DATA=FOLDER [ONLY=accuracy]: log templates beside Drain3
	@$(STEWARD) bench logs --data "$(DATA)" $(if $(ONLY),--only "$(ONLY)") $(ARGS)

bench-meetings: need-data .venv/.dev-installed ## DATA=FOLDER: minutes against people's own
	@$(STEWARD) bench meetings --data "$(DATA)" $(ARGS)

bench-email: .venv ## drafting requests with their checklists
	@$(STEWARD) bench email $(ARGS)

chaos: .venv/.dev-installed ## N=2000 BROKER=embedded|redis|rabbitmq: kill everything, lose nothing
	@$(STEWARD) bench chaos --events "$(N)" --broker "$(BROKER)" $(ARGS)

clean: ## remove the environment and what the tools cached
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info
