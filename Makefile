# Everything works on a fresh clone with nothing but python3 (3.11 or later) and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
ARGS ?=
DIST ?= dist

.DEFAULT_GOAL := help
.PHONY: help demo run test proofs check format bench gallery chaos replicas soak screenshots lock audit release clean

help: ## Show what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 20

demo: $(VENV)/.run ## Open an image studio in the browser; needs no account
	@$(BIN)/imaginebot demo $(ARGS)

run: $(VENV)/.run ## Run the bot by its settings (environment, imaginebot.toml)
	@$(BIN)/imaginebot run $(ARGS)

test: $(VENV)/.dev ## Run the test suite
	@$(BIN)/python -m pytest --numprocesses=auto -m "not slow" $(ARGS)

proofs: $(VENV)/.dev ## Run the slow tests: an end at each crash point, chaos, soak, the protocol's own checkers
	@$(BIN)/python -m pytest --numprocesses=auto -m slow $(ARGS)

check: $(VENV)/.dev ## Format, lint, types and import rules
	@$(BIN)/ruff format --check --quiet . || { echo 'Run "make format".'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }
	@$(BIN)/python -m tests.deploy.audit --if-reachable
	@echo 'All checks passed.'

audit: $(VENV)/.dev ## Ask whether what is locked has known weaknesses
	@$(BIN)/python -m tests.deploy.audit

format: $(VENV)/.dev ## Put the code into shape
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

bench: $(VENV)/.dev ## Measure, as ratios within one run
	@$(BIN)/python -m tests.benchmarks $(ARGS)

chaos: $(VENV)/.dev ## Kill the program a hundred times and look for what was lost (ARGS="--front rest")
	@$(BIN)/python -m tests.reliability.chaos $(ARGS)

replicas: $(VENV)/.dev ## Kill, pause and cut off replicas on one PostgreSQL, and look for what was lost (ARGS="--front discord")
	@$(BIN)/python -m tests.reliability.replicas $(ARGS)

soak: $(VENV)/.dev ## Put 20,000 jobs through one process and watch its memory
	@$(BIN)/python -m tests.reliability.soak $(ARGS)

gallery: $(VENV)/.dev ## Paint 48 prompts on one sheet, to be looked at
	@$(BIN)/python -m tests.acceptance.gallery $(ARGS)

screenshots: $(VENV)/.dev ## Make the README's pictures from the running program
	@$(BIN)/python -m tests.acceptance.screenshots $(ARGS)

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
lock: $(VENV)/.dev ## Write the lock files anew, with the newest versions that fit
	@$(LOCK) --upgrade --extra all --extra build pyproject.toml --output-file requirements.lock
	@$(LOCK) --upgrade --constraints requirements.lock --extra dev pyproject.toml --output-file requirements-dev.lock

release: $(VENV)/.dev ## Build what is published: packages, bill of materials, checksums
	@rm -rf $(DIST) && mkdir -p $(DIST)
	@$(BIN)/python -m hatchling build -d $(DIST) >/dev/null
	@$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file $(DIST)/imaginebot.cdx.json
	@cd $(DIST) && sha256sum imaginebot* >SHA256SUMS && cat SHA256SUMS

clean: ## Remove what the other commands made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'imaginebot needs Python 3.11 or later; name one with: make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo 'This Python cannot make virtual environments; on Debian: apt install python3-venv'; exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.lock pyproject.toml
	@echo 'Installing what imaginebot needs (once)…'
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo 'Installing what the tests need (once)…'
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@
