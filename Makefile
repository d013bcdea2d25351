# Needs Python 3.11+ and make; everything else goes into .venv on first use.
.DEFAULT_GOAL := help
.PHONY: examples help setup serve test slow long everywhere check docs format bench load environments mutants liars chaos fidelity words count peers types dist publish image clean

PYTHON ?= python3
PORT ?= 8080
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PINS := --constraint constraints.txt --build-constraint constraints.txt
CODE := $(wildcard conftest.py mockspaces tests contract_tests mutants liars chaos benchmarks scripts deploy)

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.dev ## make .venv with all that tests and checks need

serve: .venv/.server ## run the emulator (PORT=8080, more options in ARGS)
	@exec $(BIN)/mockspaces serve --port $(PORT) $(ARGS)

# The tests start hundreds of processes: without byte code each of them would compile the package anew. Many wait
# for a process, a browser or a clock meanwhile, so there is a worker more than there are cores.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
test slow: export PYTHONDONTWRITEBYTECODE =
test: .venv/.dev ## run the tests on all cores (a selection or options in ARGS; -n0 for one process)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not slow" $(ARGS)

slow: .venv/.dev ## run the tests of whole programs: verify, the wheel, clients of other languages, leaks
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m slow $(ARGS)

# Options of pytest, with commas between those that go together. With --workers real processes stand behind a balancer;
# without it the mock is embedded, and its worlds are rebuilt from their log.
WAYS ?= --log=sqlite --log=redis --workers=1 --log=sqlite,--workers=1 \
	--log=redis,--workers=1 --log=redis,--workers=2 --log=redis,--workers=3
everywhere: .venv/.dev ## run the contract suite with each log, embedded and on 1 to 3 workers (WAYS=--log=redis,--workers=3)
	for way in $(WAYS); do \
		$(BIN)/pytest -n $(WORKERS) --dist worksteal contract_tests $$(echo "$$way" | tr , ' ') $(ARGS) || exit; \
	done

# What CI tries in small: 100,000 inputs of each kind, clients that idle for 70 s, twenty times as much of what may leak.
long: export MOCKSPACES_FUZZ ?= 100000
long: export MOCKSPACES_IDLE_MS ?= 70000
long: export MOCKSPACES_LEAKS ?= 20
long: .venv/.dev ## run fuzzers, idle clients and leak tests in full, some ten minutes (options in ARGS)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --override-ini faulthandler_timeout=0 \
		tests/server/test_fuzz.py tests/server/test_clients.py \
		tests/server/test_leaks.py tests/changelog/test_balancers.py $(ARGS)

check: .venv/.dev ## lint, format, types, and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/pytest --quiet tests/test_architecture.py

format: .venv/.dev ## put the code into its one format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: .venv/.dev ## measure the performance budget (a selection or options in ARGS)
	$(BIN)/python -m benchmarks $(ARGS)

load: .venv/.dev ## let many people use one mock, as the vendor's load test does (--people 2000 --ramp 30 --hold 60 in ARGS)
	$(BIN)/python -m benchmarks.people $(ARGS)

environments: .venv/.dev ## try the plugin beside every pytest and other packages (pytest options in ARGS)
	$(BIN)/pytest tests/environments $(ARGS)

peers: .venv/.peers ## install other doubles, for make bench to measure them too

mutants: .venv/.dev ## hunt mutants: is the contract suite able to fail? (--sample 40 in ARGS)
	$(BIN)/python -m mutants $(ARGS)

liars: .venv/.dev ## tell lies to mockspaces verify: does it name each of them? (--sample 8 in ARGS)
	$(BIN)/python -m liars $(ARGS)

chaos: .venv/.dev ## run 1,000 seeded programs while processes are killed, paused, cut off (--log redis --workers 3 --programs 20 in ARGS)
	$(BIN)/python -m chaos $(ARGS)

fidelity: .venv/.dev ## write docs/fidelity.md anew
	$(BIN)/python -m scripts.fidelity

count: .venv/.dev ## count how the code is written, and list helpers used once (another package in ARGS)
	$(BIN)/python -m scripts.count $(ARGS)

words: .venv/.dev ## write the types of the client's words anew
	$(BIN)/python -m scripts.words
	$(BIN)/ruff format --quiet mockspaces/client/words.py

docs: .venv/.dev ## build the documentation site in site/, every link checked (open site/index.html)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict $(ARGS)

types: .venv/.dev ## write the types of clients/node anew (scripts/clients installs what that needs)
	$(BIN)/python -m scripts.node_types

dist: ## make what is released: sdist, wheel, npm tarball, SBOM, licences, labels of the image
	scripts/dist

publish: ## build the image for amd64 and arm64, push and sign it (IMAGE=registry.example/mockspaces), after make dist
	scripts/publish $(IMAGE)

examples: ## run the two example clients with their tests as a user's project would (pytest options in ARGS)
	@PYTHON=$(PYTHON) scripts/examples $(ARGS)

image: ## build the container image and try it (build options in ARGS)
	scripts/image $(ARGS)

clean: ## remove whatever the other targets made
	rm -rf .venv build dist site .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: set-up runs once, and again when what it installs has changed.
.venv/.server: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"mockspaces needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	@echo "setting up .venv" >&2
	@$(PYTHON) -m venv .venv
	@# First pip itself: the one that comes with Python 3.11 knows neither --group nor --build-constraint.
	@$(PIP) --upgrade --constraint constraints.txt pip
	@$(PIP) $(PINS) --editable '.[server]'
	@touch $@

# Apart from our own environment, which pins other versions; unpinned, since a comparison wants them as they are.
.venv/.peers: pyproject.toml .venv/.server
	@$(PYTHON) -m venv .venv/peers
	@.venv/peers/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@.venv/peers/bin/python -m pip install --quiet --disable-pip-version-check --group peers
	@! command -v npm >/dev/null || npm install --silent --no-save --no-package-lock --prefix .venv/peers oauth2-mock-server wiremock
	@touch $@

.venv/.dev: .venv/.server
	@echo "adding the tools for tests and checks" >&2
	@$(PIP) $(PINS) --group dev
	@touch $@
