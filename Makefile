# Each target sets up its own requirements, on a machine with only Python 3.11 or newer.

PORT ?= 8080
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(if $(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo yes),$(p))))
BIN := .venv/bin

.PHONY: help constraints demo test soak check bench screenshots widget clean

help: ## Print this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r target text; do printf 'make %-12s %s\n' "$$target" "$$text"; done

demo: .venv/ready ## Serve the demo on http://127.0.0.1:8080/
	@exec $(BIN)/billchat demo --port $(PORT)

test: .venv/ready-dev browser ## Run every test at a small size, the real browser's among them
	@$(BIN)/python -m tests.services
	$(BIN)/pytest -n 2 --dist loadfile

# A test ends after its `timeout`, at most 900 s, and none begins after the session's: all ends within 40 minutes.
soak: .venv/ready-dev browser ## Run the tests with a full size, at that size: many kills, examples and schedules
	@$(BIN)/python -m tests.services
	BILLCHAT_TEST_SIZE=soak $(BIN)/pytest -n 2 --dist worksteal --session-timeout 1500 --durations 20

check: .venv/ready-dev ## Lint, types, import rules, known vulnerabilities, and that generated files equal their sources
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml chatbot flows store
	@$(BIN)/python .ci/audit.py constraints-dev.txt
	$(BIN)/billchat flows --document | diff -u docs/flows.md - || { echo 'docs/flows.md is stale: run  make docs'; exit 1; }
	@sh widget/check.sh

docs: .venv/ready ## Draw docs/flows.md from the dialogue's tables
	$(BIN)/billchat flows --document > docs/flows.md

widget: ## Build the widget from its sources (needs Node.js)
	cd widget && npm ci --silent && npm run --silent build

screenshots: .venv/ready-dev browser ## Take the pictures in docs/screenshots
	$(BIN)/python -m tests.screenshots

bench: .venv/ready-dev ## Measure turns against a bare echo server
	$(BIN)/python -m bench

.PHONY: browser docs
browser:
	@sh tests/ensure-browser.sh

.venv/bin/pip:
	@test -n "$(PYTHON)" || { echo "Billchat needs Python 3.11 or newer; install it or name it: make PYTHON=/path/to/python3 …"; exit 1; }
	@echo "Setting up (once, about a minute) …"
	@$(PYTHON) -m venv .venv || { echo "Could not make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }

# Only files whose hashes are known, and wheels only: building one would run code that no hash covers. The package itself
# comes last, with the build backend of the same list.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check

.venv/ready: pyproject.toml setup.py constraints.txt | .venv/bin/pip
	@$(INSTALL) --require-hashes --only-binary :all: --requirement constraints.txt
	@PYTHONWARNINGS=ignore $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready-dev: pyproject.toml setup.py constraints-dev.txt | .venv/bin/pip
	@$(INSTALL) --require-hashes --only-binary :all: --requirement constraints-dev.txt
	@PYTHONWARNINGS=ignore $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ .venv/ready

# uv reads the hashes of every platform's files, which pip's own tools do not.
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	$(if $(UPGRADE),--upgrade) --group pyproject.toml:build

constraints: .venv/bin/pip ## Write constraints.txt and constraints-dev.txt anew from pyproject.toml; UPGRADE=1 takes newer versions
	@$(INSTALL) uv==0.13.9
	$(LOCK) --output-file constraints.txt pyproject.toml
	$(LOCK) --constraint constraints.txt --extra dev --output-file constraints-dev.txt pyproject.toml

clean: ## Remove everything that the targets above created
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info widget/node_modules
