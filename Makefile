# On a machine that has only Python, pip and make: `make run` runs the main job, `make test` the tests.
# Everything is installed into .venv; what was installed is not installed again until pyproject.toml changes.

PYTHON ?= $(shell command -v python3 || command -v python)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# The tests start Python some hundreds of times: without bytecode each start would compile the package anew (0.3 s becomes 1.3).
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test lint types stubs browser unit bounds doctest sweep vision onnx interrupts ranks bench fuzz parity database ecosystem docs learners notebooks parity-names dist clean

run: $(VENV)/examples.stamp
	$(BIN)/adjoint run examples/digits.py

# Lint, types and doctests are one process each, side by side; the tests after them are two each.
test: $(VENV)/test.stamp browser
	$(MAKE) --jobs 2 lint types doctest
	$(MAKE) unit bounds

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/test.stamp
	$(BIN)/mypy

# The pages are tested in a real browser. Where none is found and the system's package manager cannot install one, these tests
# are skipped.
browser:
	@command -v chromium || command -v chromium-browser || command -v google-chrome || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get && apt-get -qq update && \
	  DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium fonts-liberation; } >/dev/null 2>&1 || \
	  echo "No Chromium was found or could be installed: the tests of the pages will be skipped."

# Writes the type stubs of what is built from the tables, after a row or a signature has changed.
stubs: $(VENV)/test.stamp
	$(BIN)/python -m stubs

# The tables run twice: the second time every array is large, so that each row is compiled and compared with PyTorch.
unit: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n 2
	ADJOINT_KERNELS_FROM=1 $(BIN)/python -m pytest -n 2 tests/test_tables.py tests/test_nn_ops.py tests/test_views_inplace.py \
	  tests/test_operator_database.py tests/test_batched_operands.py -k "not finite_differences"

# The debug build of native code: every load and store of the kernels' tests is checked. It compiles each kernel anew, for which
# one width of numbers and of vectors is enough.
bounds: $(VENV)/test.stamp
	ADJOINT_KERNELS_CHECK=1 $(BIN)/python -m pytest -n 2 tests/test_transposed_convolution.py $(BOUNDED:%=tests/test_kernel_%.py) \
	  -k "not float64 and not shorter_vectors and not training_run and not repeated_run"

BOUNDED := native bounds fusion indexing copying pooling depthwise convolution winograd matmul few_rows attention jointly updates training
BOUNDED += broadcasting steps weighing ordering places sampling suppressing halves scans
BOUNDED += distances group_norm recurrent

# The vector functions against correct rounding, on a dense sample of all 2^32 numbers: minutes.
sweep: $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python tests/sweeps/mathematics.py

# Models, transforms and data sets beside torchvision's, all of them: many minutes. ONLY=classification runs one of the sweeps.
vision: $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python tests/sweeps/vision.py $(ONLY)

# All of ONNX's own cases of operators through adjoint.onnx.load, and networks exported, run by onnxruntime and read back: many minutes.
onnx: $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python tests/sweeps/onnx_loading.py
	PYTHONPATH=. $(BIN)/python tests/sweeps/onnx_export.py

# A KeyboardInterrupt at every line of every scenario, and a signal at every bytecode instruction: hours.
interrupts: $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python tests/interrupts.py

# Whether PyTorch's processes still report what tests/ranks/recorded.json has; `python -m tests.ranks --write` records it anew.
ranks: $(VENV)/test.stamp
	$(BIN)/python -m tests.ranks

doctest: $(VENV)/test.stamp
	$(BIN)/python -m pytest --doctest-modules adjoint

bench: $(VENV)/test.stamp
	$(BIN)/python -m bench
	$(BIN)/python -m bench sweep --threads 2 --clock wall

# The tutorials' pages as notebooks beside them.
notebooks: $(VENV)/test.stamp
	$(BIN)/python -m handbook.notebooks

# The page of learners' mistakes, from tests/learners.
learners: $(VENV)/test.stamp
	$(BIN)/python -m tests.learners

# Random programs, with PyTorch and with Adjoint: `make fuzz N=10000`, `make fuzz FAMILY=programs N=10000`.
fuzz: $(VENV)/test.stamp
	$(BIN)/python -m fuzz $(FAMILY) -n $(or $(N),1000) --jobs $(or $(JOBS),2) --seed $(or $(SEED),0)

# Every entry of PyTorch's database of operators, every aspect, with both libraries, into docs/parity.md and docs/parity.json: many
# minutes. Then results and gradients once more with every array large. `make test` runs a fixed part.
parity: $(VENV)/test.stamp
	$(BIN)/python -m fuzz.parity --most 10 --jobs $(or $(JOBS),2) --shown 3 --write
	ADJOINT_KERNELS_FROM=1 $(BIN)/python -m fuzz.parity --most 10 --jobs $(or $(JOBS),2) --shown 3 --aspect forward --aspect gradient

# Every sample of PyTorch's databases of modules and optimizers, with both: many minutes. `make test` runs a fixed part.
database: $(VENV)/test.stamp
	$(BIN)/python -m fuzz.databases
	ADJOINT_KERNELS_FROM=1 $(BIN)/python -m fuzz.databases

# Libraries that stand on PyTorch, in a new environment without it and in one with it: docs/ecosystem.md. Gigabytes, and many minutes.
ecosystem: $(VENV)/test.stamp
	$(BIN)/python -m ecosystem

# The distributions in build/dist, and whether an index would take them. What is in them is tested by tests/test_packaging.py.
dist: $(VENV)/test.stamp
	rm -rf build/dist
	$(BIN)/python -m build --no-isolation --outdir build/dist .
	$(BIN)/twine check --strict build/dist/*

# The picture of the README and of the first page, anew.
pictures: $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python -m handbook.lesson

# Which of PyTorch's names are here, by looking at both, into docs/names.json; a test says when that is stale.
parity-names: $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python -m handbook.names

# The documentation's site in build/site, every code block of it run: open build/site/index.html.
docs: $(VENV)/docs.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

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

$(VENV)/docs.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --editable '.[examples,docs]'
	touch $@

# (Python compiles what is imported; pip would compile all of PyTorch.)
$(VENV)/test.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --no-compile --editable '.[examples,test]'
	touch $@
