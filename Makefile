# On a machine that has only Python, pip and make: `make run` runs the main job, `make test` the tests.
# Everything is installed into .venv; what was installed is not installed again until pyproject.toml changes.

PYTHON ?= $(shell command -v python3 || command -v python)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test lint types unit doctest bench fuzz clean

run: $(VENV)/examples.stamp
	$(BIN)/adjoint run examples/digits.py

test: lint types unit doctest

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/test.stamp
	$(BIN)/mypy

unit: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n 2

doctest: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n 2 --doctest-modules adjoint

bench: $(VENV)/test.stamp
	$(BIN)/python -m bench

# Random programs, with PyTorch and with Adjoint: `make fuzz N=10000`.
fuzz: $(VENV)/test.stamp
	$(BIN)/python -m fuzz $(or $(N),1000) --jobs 2 --all

clean:
	rm -rf $(VENV) runs build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Where Python comes without ensurepip (Debian splits it off), the environment borrows the outer pip.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && \
	  $(PYTHON) -m pip --python $(BIN)/python install pip; }

$(VENV)/examples.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --editable '.[examples]'
	touch $@

$(VENV)/test.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --editable '.[examples,test]'
	touch $@
