# Every target sets up what it needs, from a fresh clone with Python 3.11+ and Rust alone.
#
#   make demo    train a small network on handwritten digits; results in demo-output/
#   make test    everything that must hold; what continuous integration runs
#   make bench   figures, as ratios against peers measured in the same run
#   make check   the quick part of `make test`: formatting, lints, type checks
#   make fmt     format the Rust sources
#   make stubs   write the .pyi files anew from the built package
#   make clean   remove what was built
#
# PYTHON=python3.12 chooses the interpreter that the virtual environment is made from.

PYTHON ?= python3
VENV ?= .venv
CARGO ?= cargo
# For `make bench`: what criterion and the side-by-side program are told (`--only exp`, `--json figures.json`).
BENCH_ARGS ?= --warm-up-time 1 --measurement-time 2
SIDE_ARGS ?=

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test check bench fmt stubs wheel clean

BIN := $(abspath $(VENV))/bin
TOOLS := $(VENV)/.tools
INSTALLED := $(VENV)/.installed
WHEEL := dist/.built
TIMES := $(abspath build)/times
# Python from the environment of whoever calls must not reach the one made here.
unexport PYTHONPATH PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK := 1

WHEEL_SOURCES := $(shell find rust python -type f \( -name '*.rs' -o -name '*.toml' -o -path 'python/*' \) \
	-not -name '*.pyc' -not -path 'rust/*/tests/*' -not -path 'rust/*/benches/*' -not -path 'rust/*/examples/*') \
	Cargo.toml Cargo.lock pyproject.toml README.md LICENSE

# Runs one stage of a target, says how long it took, and stops the target if it fails.
# $(call stage,name,command)
define stage
@printf '\n==== %s\n' '$(1)'; begin=$$(date +%s); \
if $(2); then printf '==== %s: ok, %s s\n' '$(1)' $$(($$(date +%s) - begin)) | tee -a $(TIMES); \
else status=$$?; printf '==== %s: FAILED after %s s\n' '$(1)' $$(($$(date +%s) - begin)) >&2; exit $$status; fi
endef

help:
	@sed -n 's/^#   //p' Makefile

# ---- set-up ----

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "arcgrad needs Python 3.11 or newer, and $(PYTHON) is" "$$($(PYTHON) --version 2>&1);" \
			"choose another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(CARGO) --version >/dev/null || { echo "arcgrad needs Rust, and cargo was not found" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(TOOLS): pyproject.toml | $(BIN)/python
	$(BIN)/python scripts/requirements.py > $(VENV)/requirements.txt
	$(BIN)/python -m pip install --quiet --requirement $(VENV)/requirements.txt
	@touch $@

# The wheel that is shipped, in release mode; tests run on it and not on the source tree.
$(WHEEL): $(TOOLS) $(WHEEL_SOURCES)
	rm -rf dist
	$(BIN)/maturin build --out dist --interpreter $(BIN)/python --compression-level 9
	@touch $@

$(INSTALLED): $(WHEEL)
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps dist/arcgrad-*.whl
	@touch $@

wheel: $(WHEEL)

# ---- targets ----

demo: $(INSTALLED)
	$(BIN)/python -P -m arcgrad.demo --output demo-output

test: $(BIN)/python
	@mkdir -p build; rm -f $(TIMES)
	$(call stage,formatting,$(CARGO) fmt --all --check)
	$(call stage,lints,$(CARGO) clippy --quiet --locked --workspace --all-targets -- --deny warnings)
	$(call stage,core: unit and integration tests and examples,$(CARGO) test --quiet --locked --workspace --exclude arcgrad-python --lib --bins --tests --examples)
	$(call stage,core: documentation examples,$(CARGO) test --quiet --locked --package arcgrad --doc)
	$(call stage,build tools,$(MAKE) --no-print-directory $(TOOLS))
	$(call stage,wheel,$(MAKE) --no-print-directory $(INSTALLED))
	$(call stage,stubs,$(BIN)/python -P scripts/stubs.py --check)
	$(call stage,README and docstring examples,cd tests && $(BIN)/python -P -m pytest -q api/test_docs.py)
	$(call stage,Python tests,cd tests && $(BIN)/python -P -m pytest -q --numprocesses auto --dist loadfile --ignore=api/test_docs.py)
	@printf '\n'; cat $(TIMES); echo 'everything holds'

check: $(BIN)/python
	@mkdir -p build; rm -f $(TIMES)
	$(call stage,formatting,$(CARGO) fmt --all --check)
	$(call stage,lints,$(CARGO) clippy --quiet --locked --workspace --all-targets -- --deny warnings)

bench: $(INSTALLED)
	$(BIN)/python -P benches/side_by_side.py $(SIDE_ARGS)
	$(BIN)/python -P benches/training_steps.py
	$(CARGO) bench --locked --package arcgrad --bench ops --bench kernels -- $(BENCH_ARGS)
	$(CARGO) run --locked --profile wheel --package arcgrad-kernels --example products

fmt:
	$(CARGO) fmt --all

stubs: $(INSTALLED)
	$(BIN)/python -P scripts/stubs.py

clean:
	rm -rf build dist $(VENV) demo-output
	$(CARGO) clean
