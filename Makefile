PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: study test lint bench docs lock clean

study: .venv/installed
	$(BIN)/vignetta run

test: .venv/developing
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: .venv/developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/benchmarking
	export OPENBLAS_NUM_THREADS=1; for each in benchmarks/*.py; do $(BIN)/python $$each || exit 1; done

docs: .venv/developing
	$(BIN)/python docs/generate.py

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  pyproject.toml --group build -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  -c requirements.txt pyproject.toml --group dev -o requirements-dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  -c requirements-dev.txt pyproject.toml --group bench -o requirements-bench.txt

clean:
	rm -rf .venv

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/developing: .venv/installed requirements-dev.txt
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

.venv/benchmarking: .venv/developing requirements-bench.txt
	$(BIN)/pip install --quiet --require-hashes -r requirements-bench.txt
	@touch $@
