# Kabinet: every command of the project. `make help` prints this list.
# Recipes quote each path and run modules through the interpreter, so that the project works in a
# folder whose name has a space.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
LOCKS_RUN := requirements/runtime.txt requirements/demo.txt
LOCKS_DEV := requirements/dev.txt

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(DEV_STAMP) ## Make .venv with everything that demo, tests and checks need

$(PY):
	@bin/make-venv "$(PYTHON)" "$(VENV)"

$(RUN_STAMP): $(PY) $(LOCKS_RUN) pyproject.toml
	$(PY) -m pip install --quiet --require-hashes $(addprefix -r ,$(LOCKS_RUN))
	$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) $(LOCKS_DEV)
	$(PY) -m pip install --quiet --require-hashes $(addprefix -r ,$(LOCKS_DEV))
	@touch $@

.PHONY: lock
lock: ## Renew requirements/*.txt (needs uv on the PATH)
	@bin/lock
