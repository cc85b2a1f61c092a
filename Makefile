# make demo      build the harness, measure a real model, end with a table, a page and a database
# make demo-llm  the same with a language model: exports SmolLM2-135M first (needs torch; about 20 minutes, once)
# make demo-report   a year of a rack that never was, and a site of its pages (no device; two minutes; PICTURE=docs/nightly.webp: the README's)
# make bench     benchmarks, as ratios within one run
# make bench-detect   change points beside other detectors, from fixed seeds (minutes)
# make bench-gate   error rates, power and coverage of the gate, by simulation with fixed seeds (a few minutes)
# make bench-rack     what the controller adds to each job on the bench's phones, and how fast it pushes; iPhones, too (root);
#                     64 simulated phones: makespan, controller's CPU, an ad hoc run's wait
# make bench-pages    how fast pages are rendered and painted at full size, and how large they are (minutes)
# make soak      30 nights of 8 simulated phones with a fault every hour, and a nightly killed at 200 random moments (about an hour;
#                     KILLS=20: fewer; SEED=9: another month)
# make bench-phones   Android phones without a phone, until Ctrl-C; prints their devices.toml   (PHONES="s25 pixel9"; root)
# make bench-iphones  iPhones without an iPhone, until Ctrl-C; prints their devices.toml   (IPHONES="iphone16pro")
# make test      set up what tests need, check and test everything   (EXPORT=1: the tests that need torch too)
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
BENCH := $(VENV)/bench
DATA ?= .farm
EXPORT ?=
ONLY ?=
# processes that run tests: most tests wait for a device rather than compute; those with torch run in one
WORKERS ?= $(if $(EXPORT),0,4)
# steady-state iterations of Java benchmarks in many forks, from the data of SEALABQualityGroup/icpe-data-challenge-jmh
FORKS ?= $(wildcard ../shared/samples/series/forks.npz)
# of make soak: how often a nightly is killed, and which month it is
KILLS ?= 200
SEED ?= 8
MARKS := $(if $(ONLY),$(ONLY),$(if $(EXPORT),,not export))

.PHONY: help setup setup-dev setup-export system lint test-cpp test demo demo-llm demo-report bench bench-detect bench-gate bench-pages bench-rack bench-phones bench-iphones soak clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(BIN)/.farm: pyproject.toml
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "farm: $(PYTHON) has no venv module; on Debian: apt-get install python3.11-venv" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[harness]'
	@touch $@

$(BIN)/.dev: pyproject.toml $(BIN)/.farm
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[harness,ios]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

# torch first, at the version that is pinned: the export packages ask for any torch, and would pull in the newest with CUDA.
$(BIN)/.export: pyproject.toml $(BIN)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[export]'
	@touch $@

$(BIN)/.export-llm: pyproject.toml $(BIN)/.export
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[export-llm]'
	@touch $@

setup: $(BIN)/.farm compiler
setup-dev: $(BIN)/.dev system
setup-export: $(BIN)/.export

.PHONY: compiler
compiler:
	@./tools/system-packages compiler

system:
	@./tools/system-packages tests

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror harness/src/*.cpp harness/src/*.h harness/src/*.mm harness/ios/*.cpp harness/ios/*.h harness/ios/*.mm harness/tests/*.cpp harness/tests/*.h

test-cpp: setup-dev
	@$(BIN)/python tools/cpp_tests.py $(DATA)
	@$(BIN)/python tools/cpp_tests.py $(DATA) clang++

test: setup-dev $(if $(EXPORT),setup-export)
ifeq ($(ONLY),)
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint test-cpp
endif
	@$(BIN)/farm --data $(DATA) harness build --runtime fake  # before any test's time counts
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(if $(MARKS),-m '$(MARKS)') $(PYTEST)

demo: setup
	@$(BIN)/farm --data $(DATA) run --suite farm/examples/digits.toml --html $(DATA)/demo.html

demo-llm: setup $(BIN)/.export-llm
	$(BIN)/farm --data $(DATA) artifacts build smollm2
	@$(BIN)/farm --data $(DATA) run --suite $(DATA)/artifacts/smollm2/smollm2.toml --html $(DATA)/demo-llm.html

demo-report: setup-dev
	@$(BIN)/python -m tests.report --data $(DATA)/demo-report $(if $(PICTURE),--picture $(PICTURE))

bench-pages: setup-dev
	@$(BIN)/python -m benchmarks.pages

bench-gate: setup-dev
	@$(BIN)/python -m benchmarks.gate $(if $(FORKS),--forks $(FORKS))

bench: setup-dev
	$(BIN)/python benchmarks/harness.py
	$(BIN)/python benchmarks/store.py
	$(BIN)/python benchmarks/track.py

# The detectors that farm is compared with pin an old NumPy: they live apart.
$(BENCH)/.ready: pyproject.toml
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -e . --group bench
	@touch $@

bench-detect: $(BENCH)/.ready
	@$(BENCH)/bin/python -m benchmarks.detect

bench-rack: setup-dev
	$(BIN)/python -m benchmarks.phones
	$(BIN)/python -m benchmarks.iphones
	$(BIN)/python -m benchmarks.rack

bench-phones: setup-dev
	@$(BIN)/python -m tests.bench.android --data $(DATA) $(PHONES)

bench-iphones: setup-dev
	@$(BIN)/python -m tests.bench.ios --data $(DATA) $(IPHONES)

soak: setup-dev
	$(BIN)/python -m tests.soak --seed $(SEED)
	FARM_KILLS=$(KILLS) FARM_HELD_S=60 $(BIN)/python -m pytest -s tests/cli/test_nightly_kills.py tests/cli/test_nightly_trouble.py

clean:
	rm -rf $(VENV) $(DATA)
