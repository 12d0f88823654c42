# make run and make test do all their own set-up: Python 3.11+ and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
INSTALLED := $(VENV)/.installed
# The versions that are installed, for every Python and system; `make lock` renews them.
LOCK := locks/run.txt
TEST_LOCK := locks/test.txt
PIP := $(BIN)/python -m pip install --quiet
AS_OF ?= 2026-11-01
# Two workers, each with half of the files in their order, so that what tests share is made once.
TWO := -n 2 --dist worksteal

.PHONY: run test quick cases test-slow newest lock lint type fmt bench docs planted parties clean help

help:            ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

$(INSTALLED): pyproject.toml $(LOCK)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cdmq needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --constraint $(LOCK) --upgrade pip
	$(PIP) --constraint $(LOCK) --build-constraint $(LOCK) --editable ".[fast,postgres]"
	@touch $@

$(READY): $(INSTALLED) $(TEST_LOCK)
	$(PIP) --constraint $(LOCK) --constraint $(TEST_LOCK) --group dev
	@touch $@

run: $(INSTALLED)   ## the reference project on its own data; exit 1 (rules failed) is a good end
	@$(BIN)/cdmq run --as-of $(AS_OF) $(ARGS); code=$$?; [ $$code -le 1 ] || exit $$code

test: $(READY)      ## all tests, both warehouses
	$(BIN)/python -m pytest -q $(TWO) $(ARGS)

quick: $(READY)     ## the tests of a minute: no server, no pages, no laws, no whole projects
	$(BIN)/python -m pytest -q $(TWO) -m "not slow and not server and not pages and not laws and not projects" $(ARGS)

cases: $(READY)     ## the small projects of tests/cases: what each must show, and what it shows
	$(BIN)/python tests/tools/cases_report.py $(ARGS)

test-slow: $(READY) ## the tests that take minutes: kill -9, the big comparisons, laws drawn deep
	$(BIN)/python -m pytest -q -m "slow or laws" --hypothesis-profile=deep $(ARGS)

newest:             ## all tests with the newest of all that pyproject.toml allows, in a venv of their own
	$(PYTHON) -m venv --clear $(VENV)-newest
	$(VENV)-newest/bin/python -m pip install --quiet --upgrade pip
	$(VENV)-newest/bin/python -m pip install --quiet --editable ".[fast,postgres]" --group dev
	$(VENV)-newest/bin/python -m pip list
	$(VENV)-newest/bin/python -m pytest -q $(TWO) $(ARGS)

lock: $(READY)      ## write locks/ anew: the newest that pyproject.toml allows
	$(BIN)/python tests/tools/lock.py

lint: $(READY)      ## style, format, limits of the house and import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/python -m pytest -q tests/test_house.py
	$(BIN)/lint-imports

type: $(READY)      ## strict types
	$(BIN)/mypy

fmt: $(READY)       ## put in order what can be
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)     ## ratios against SQL and Splink by hand; see tests/benchmarks/README.md
	$(BIN)/python tests/benchmarks/validation.py $(ARGS)
	$(BIN)/python tests/benchmarks/defaults.py $(ARGS)
	$(BIN)/python tests/benchmarks/parse.py
	$(BIN)/python tests/benchmarks/febrl.py
	$(BIN)/python tests/benchmarks/matching.py

planted: run        ## precision and recall of the reference project's planted errors
	$(BIN)/python tests/tools/planted_report.py target/reference.duckdb

parties: run        ## parties and levels of the reference project against the truth
	$(BIN)/python tests/tools/parties_report.py target/reference.duckdb

docs: $(READY)      ## the manual pages, generated from the code
	$(BIN)/python tests/tools/manual_pages.py

clean:              ## remove what the above made, but the databases with their audit trail
	@[ ! -d target ] || find target -type f ! -name '*.duckdb' -delete
	rm -rf $(VENV) $(VENV)-newest .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
