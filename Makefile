# Python >= 3.11 and GNU make are all that is needed. `make` alone lists the targets.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SOURCES := ticketing scanner tests benchmarks tools
# browsers and servers are started once per worker, so two workers suit two cores
WORKERS ?= 2

.PHONY: help setup parts demo test check bench soak docs pictures lock clean
help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

setup: $(READY) ## make .venv with everything

$(READY): requirements/dev.lock pyproject.toml tools/setup.sh
	@PYTHON=$(PYTHON) sh tools/setup.sh
	@touch $(READY)

parts: $(READY)
	@$(BIN)/python tools/system_parts.py

demo: $(READY) ## a sample museum: service, worker and station together
	@$(BIN)/ticketing demo $(ARGS)

test: parts ## every test, browser and PostgreSQL included
	@$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report= $(ARGS)
	@$(BIN)/python tools/coverage_gates.py

check: $(READY) ## lint, format, types, import contracts, size budgets
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_budgets.py

bench: $(READY) ## every benchmark: JSON lines on stdout, a table on stderr
	@$(BIN)/python -m benchmarks

soak: $(READY) ## the long fault run (20 minutes), its report as Markdown
	@$(BIN)/python -m benchmarks.soak $(ARGS)

docs: $(READY) ## write the generated parts of the documents again
	@PYTHONPATH=. $(BIN)/python tools/admission_page.py

pictures: parts ## take the documents' pictures again, by the tests' browser
	@EINLASS_PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/journeys

lock: $(READY) ## renew requirements/dev.lock (needs uv)
	$(BIN)/python tools/lock.py

clean: ## remove .venv and caches, never data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
