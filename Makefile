# From a clone to a running Steward, its tests and its measurements. Needs Python 3.11 or later, git and make.
# `make` alone lists the targets.

STEWARD := .venv/bin/steward
PIP := .venv/bin/python -m pip --disable-pip-version-check
PYTEST_WORKERS ?= 2
N ?= 2000
BROKER ?= embedded
JOBS ?= 100000
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help .venv demo test test-playground test-teams-bridge test-emulate lint format lock clean bench-retrieval bench-logs bench-meetings bench-email bench-ledger bench-queues bench-acknowledge bench-slack soak chaos need-data

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

# fs-extra: app-manifest needs it and does not say so.
PLAYGROUND := @microsoft/m365agentsplayground@0.2.28 @microsoft/app-manifest@1.1.2 fs-extra@11

test-playground: .venv/.dev-installed ## Teams against Microsoft's Agents Playground and validator (needs Node.js 20, npm)
	@npm install --silent --no-save $(PLAYGROUND)
	@.venv/bin/python -m pytest -m playground $(ARGS)

BRIDGE := microsoft-teams-botbuilder==2.1.1
PACKAGES = $(1)/bin/python -c 'import site; print(site.getsitepackages()[0])'

# Nightly: the way out of the archived SDK stays proven. The bridge is no part of Steward: it goes into an environment
# of its own, on top of .venv.
test-teams-bridge: .venv/.dev-installed ## the contract of Teams through botbuilder's successor SDK
	@.venv/bin/python -m venv .venv-bridge
	@$(call PACKAGES,.venv) > "$$($(call PACKAGES,.venv-bridge))/below.pth"
	@.venv-bridge/bin/python -m pip --disable-pip-version-check install -qq "$(BRIDGE)"
	@.venv-bridge/bin/python -m pytest -p tests.peers.teams_bridge -k teams tests/contract/test_platforms.py $(ARGS)

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

bench-ledger: .venv/.dev-installed ## [ARGS='--database postgresql --broker redis']: cost, long backlog, fairness
	@$(STEWARD) bench ledger $(ARGS)

bench-queues: .venv/.dev-installed ## [ARGS='--broker rabbitmq']: beside bare Celery, dramatiq and procrastinate
	@$(STEWARD) bench queues $(ARGS)

bench-acknowledge: .venv/.dev-installed ## events answered in time, with broker and database well and away
	@$(STEWARD) bench acknowledge $(ARGS)

bench-slack: .venv/.dev-installed ## from a mention to its placeholder, beside a bare Bolt app
	@$(STEWARD) bench slack $(ARGS)

soak: .venv/.dev-installed ## JOBS=100000 [ARGS='--database postgresql']: does anything grow?
	@$(STEWARD) bench soak --jobs "$(JOBS)" $(ARGS)

chaos: .venv/.dev-installed ## N=2000 BROKER=embedded|redis|rabbitmq: kill everything, lose nothing
	@$(STEWARD) bench chaos --events "$(N)" --broker "$(BROKER)" $(ARGS)

clean: ## remove the environment and what the tools cached
	@rm -rf .venv .venv-bridge .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info
