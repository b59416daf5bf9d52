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
MADE := $(VENV)/.made
INSTALLED := $(VENV)/.installed
DEMO_STAMP := $(VENV)/.installed-demo
DEV_STAMP := $(VENV)/.installed-dev
# --no-compile: byte code is made at the first import; compiling everything would take a quarter of the installation.
PIP := $(PY) -m pip --quiet --disable-pip-version-check install --no-compile --no-deps --no-build-isolation --use-pep517 --require-hashes

# Byte code is kept even where the caller's habits forbid it: a dozen processes would each compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

# make demo
PORT ?= 8000
SANDBOX_PORT ?= 8100
SMTP_PORT ?= $(shell expr $(SANDBOX_PORT) + 25)
RESET ?=

# make test: TESTS="tests/kernel -k money", JOBS=4. Tests often wait for a process: one more than the cores of a small
# machine keeps both busy.
TESTS ?= tests
JOBS ?= 3

# make crash: so many charges, 50 at least; the seed is drawn and printed when none is given; 3 hosts need root
N ?= 300
SEED ?=
HOSTS ?= 1

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: $(DEMO_STAMP) ## Start everything on this machine and run until Ctrl-C (PORT= SANDBOX_PORT= SMTP_PORT= RESET=1)
	@exec $(PY) -m portal.cli demo --port $(PORT) --sandbox-port $(SANDBOX_PORT) --smtp-port $(SMTP_PORT) $(if $(RESET),--reset)

.PHONY: test
test: $(DEV_STAMP) ## Run all tests, browser tests included, on servers of their own (TESTS= JOBS=)
	@bin/need-chromium
	$(PY) -m pytest -n $(JOBS) --dist worksteal -m "not soak" $(TESTS)

# One part that fails does not keep the later ones from running: an hour's verdicts are wanted all the same.
.PHONY: soak
soak: $(DEV_STAMP) ## What takes longer: races, kills, mutants, storms of changes, ten thousand charges under attack, all views of each page; verdicts into bench/SOAK.md
	@failed=; trap 'exit 130' INT; go() { echo "$$*"; "$$@" || failed="$$failed$$*"$$'\n'; }; \
	go env KABINET_TEST_RACE_ROUNDS=20 $(PY) -m pytest -q -s tests/crash/test_unlink_race.py; \
	go env KABINET_TEST_CRM_CUSTOMERS=400 $(PY) -m pytest -q -s tests/crm_sync/test_storm.py; \
	go $(PY) -m pytest -q -m soak tests; \
	go make --no-print-directory coverage KEEP=1; \
	go $(PY) -m tests.crash.mutation --keep; \
	go $(PY) -m tests.crash.harness --n 10000 --seed 1 --keep "10 000 charges, seed 1"; \
	go $(PY) -m tests.crash.harness --n 10000 --keep "10 000 charges, a drawn seed"; \
	go $(PY) -m tests.crash.harness --n 10000 --keep "10 000 charges, another drawn seed"; \
	go $(PY) -m tests.crash.harness --n 5000 --hosts 3 --keep "5 000 charges on three hosts"; \
	if [ -n "$$failed" ]; then printf 'failed:\n%s' "$$failed" >&2; exit 1; fi

.PHONY: coverage
coverage: $(DEV_STAMP) ## Measure which branches of payments/ its own tests take; fails under 95 % (JOBS=, KEEP=1: into bench/SOAK.md)
	$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest -q -n $(JOBS) --dist worksteal -m "not soak" tests/payments
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report
	$(PY) -m coverage json --quiet -o - | $(PY) -m bench.branches 95 $(if $(KEEP),--keep)

.PHONY: crash
crash: $(DEV_STAMP) ## Charge under attack and compare with the gateway's books (N= from 50 on, SEED= HOSTS=3)
	@$(PY) -m tests.crash.harness --n $(N) $(if $(SEED),--seed $(SEED)) --hosts $(HOSTS)

.PHONY: mutants
mutants: $(DEV_STAMP) ## Attack the product as it is, then with each of eight known mistakes: the right checks must catch each (25 min)
	@$(PY) -m tests.crash.mutation

.PHONY: bench
bench: $(DEV_STAMP) ## Measure speed beside the machine's own limits, into bench/RESULTS.md (ONLY="charges web", ROUNDS=; ONLY=slow CHARGES=1000000: so many in one go)
	@$(PY) -m bench $(ONLY) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(CHARGES),--charges $(CHARGES))

.PHONY: check
check: $(DEV_STAMP) ## Check style, types, imports, templates, translations, architecture, migrations, secrets
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m djlint --lint --quiet templates
	$(PY) bin/messages --check
	$(PY) -m pytest -q tests/architecture

.PHONY: screenshots
screenshots: $(DEV_STAMP) ## Take pictures of the running demo into docs/screenshots
	@bin/need-chromium
	$(PY) -m tests.browser.screenshots

.PHONY: format
format: $(DEV_STAMP) ## Rewrite the Python files in the project's format
	$(PY) -m ruff check --fix --quiet . || true
	$(PY) -m ruff format .

.PHONY: install
install: $(INSTALLED) ## Make .venv with what a production machine needs

.PHONY: venv
venv: $(DEV_STAMP) ## Make .venv with everything that demo, tests and checks need

.PHONY: lock
lock: ## Renew requirements/*.txt (needs uv on the PATH)
	@bin/lock

.PHONY: clean
clean: ## Remove .venv and caches; the demo's data stays (make demo RESET=1 removes that)
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(MADE): bin/make-venv
	@bin/make-venv "$(PYTHON)" $(VENV)
	@touch $@

$(INSTALLED): $(MADE) requirements/build.txt requirements/runtime.txt pyproject.toml
	@echo "Installing what Kabinet runs on …"
	@$(PIP) -r requirements/build.txt
	@$(PIP) -r requirements/runtime.txt
	@$(PY) -m pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEMO_STAMP): $(INSTALLED) requirements/demo.txt
	@$(PIP) -r requirements/demo.txt
	@touch $@

$(DEV_STAMP): $(DEMO_STAMP) requirements/dev.txt
	@echo "Installing what its tests and checks need …"
	@$(PIP) -r requirements/dev.txt
	@touch $@
