# The ways in, for a reader, an analyst and a CI. `make` alone prints them.

PYTHON ?=
VENV := .venv
READY := $(VENV)/.ready
# What a user has set up for figures of their own must not change ours.
PY := env -u MPLBACKEND MPLCONFIGDIR="$(CURDIR)/$(VENV)/etc/matplotlib" IPYTHONDIR="$(CURDIR)/$(VENV)/etc/ipython" \
	$(VENV)/bin/python
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with notebooks/nbval_sanitize.cfg --nbval-cell-timeout 120
# JupyterLab asks nobody elsewhere for news or newer versions.
LAB := --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate --LabApp.news_url=None \
	--LabApp.extension_manager=readonly

.PHONY: help setup report test others coverage browser lab notebooks docs data kills fuzz bench constraints clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv and install everything into it (PYTHON=path picks the Python)

$(READY): pyproject.toml constraints.txt .ci/setup $(if $(PYTHON),FORCE)
	@PYTHON="$(PYTHON)" sh .ci/setup $(VENV)

report: $(READY) ## run all notebooks into a site to read: build/report/index.html
	@$(PY) -m mali_stats.report site

test: $(READY) ## style, types, unit tests, doctests, and every notebook against its kept outputs
	@failed=0; \
	echo "== style (ruff)"; \
	{ $(PY) -m ruff check --quiet . && $(PY) -m ruff format --quiet --check .; } || failed=1; \
	echo "== types (mypy)"; \
	$(PY) -m mypy || failed=1; \
	echo "== unit tests"; \
	$(PY) -m pytest -q -n 2 --dist worksteal tests || failed=1; \
	echo "== examples in docstrings and README"; \
	$(PY) -m pytest -q --doctest-modules --doctest-glob=README.md mali_stats README.md || failed=1; \
	echo "== notebooks, output by output"; \
	$(PY) -m pytest -q -n 2 --dist loadfile $(NBVAL) notebooks || failed=1; \
	exit $$failed

others: $(READY) ## unit tests on the other Pythons that are found here (3.11 to 3.13)
	@.ci/other-pythons $(VENV)

coverage: $(READY) ## the lines that no test reaches; fails under 95 % (docs/coverage.md names them)
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(PY) -m coverage run -m pytest -q -n 2 --dist worksteal -m "not slow" tests
	@$(PY) -m coverage run -m pytest -q --doctest-modules mali_stats
	@$(PY) -m coverage combine --quiet && $(PY) -m coverage report --fail-under=95

browser: $(VENV)/.browser ## the report and every notebook in JupyterLab in a real browser (chromium)
	@$(PY) -m mali_stats.report site
	@$(PY) -m pytest -q -n 2 --dist worksteal tests/browser

$(VENV)/.browser: $(READY)
	@$(VENV)/bin/python -m pip install -q -c constraints.txt -e ".[browser]"
	@: >$@

lab: $(READY) ## open the notebooks in JupyterLab
	@$(VENV)/bin/python -m jupyterlab $(LAB) notebooks

notebooks: $(READY) ## run the notebooks and write their outputs, the one way it is done
	@$(PY) -m mali_stats.report notebooks

docs: $(READY) ## make the API pages and the glossary of docs/ anew
	@$(PY) docs/make_docs.py

data: $(if $(RAW),$(READY)) ## rebuild data/ from a raw file: make data RAW=path [ARGS="--version 24.1"]
	$(if $(RAW),,$(error Say which raw file to build from: make data RAW=path/to/GEDEvent.csv))
	@$(PY) -m mali_stats.build "$(RAW)" $(ARGS)

kills: $(READY) ## kill fetch, data, notebooks, report at random (long): make kills [ARGS="--only fetch --tries 20"]
	@$(PY) tests/killing.py $(ARGS)

fuzz: $(READY) ## damage N=10000 files in every way there is, and keep the table: docs/robustness.md
	@$(PY) tests/fuzz $(or $(N),10000) $(ARGS)

bench: $(READY) ## measure beside pandas, pyarrow and statsmodels: benchmarks/results/bench.csv and .png (long)
	@$(PY) benchmarks/bench.py $(ARGS)

constraints: ## resolve the exact versions anew (needs python3.11, the oldest allowed)
	@rm -rf build/pins && python3.11 -m venv build/pins
	@build/pins/bin/python -m pip install -q -e ".[notebooks,outlines,excel,dask,browser,test]"
	@{ grep '^#' constraints.txt; build/pins/bin/python -m pip freeze --exclude-editable; } >build/pins/new
	@mv build/pins/new constraints.txt && rm -rf build/pins

FORCE:

clean: ## remove .venv, build/ and caches
	@rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
