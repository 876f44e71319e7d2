# Two commands do everything on a fresh machine with Python 3.11 or newer: make play, make test.

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# The mark of a finished installation; older than the pins, it is done again.
READY := $(VENV)/installed
# Thousandths of the long counts that `make soak` runs.
SOAK_PERMILLE ?= 1000

.PHONY: play test lint bench soak clean install

play: $(READY)
	$(BIN)/lockstep play

test: $(READY)
	$(BIN)/python -c 'from physics_fixed import warmup; warmup.compile_all()'
	$(BIN)/python -m pytest $(PYTEST_ARGUMENTS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/lockstep-fuzz bench session
	$(BIN)/lockstep-fuzz bench physics --scene pile1000
	$(BIN)/lockstep-fuzz bench physics --scene mixed100
	$(BIN)/lockstep-fuzz bench state
	$(BIN)/lockstep-fuzz bench resimulation --samples 20

soak: $(READY)
	$(BIN)/lockstep-fuzz soak --permille $(SOAK_PERMILLE)
	$(BIN)/lockstep-fuzz rehearse all --ticks $$((3600 * $(SOAK_PERMILLE) / 1000))

install: $(READY)

$(READY): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found; name one with: make PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install -qq --no-build-isolation --no-deps --editable .
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
