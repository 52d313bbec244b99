# make run     run Kamaelia Grey with a mail sink             (ARGS="--send", ARGS="--help")
# make test    run the tests in three processes               (ARGS="-k Box -x", PROCESSES=0)
# make plain   run the programs of README and Docs after a plain `pip install .`
# make lint    check style (ruff) and types (mypy)
# make format  lay out the code as lint requires
# make bench   run the benchmarks of the core (ARGS="-w pipe1,ring") or of mail (BENCH=run_smtp)
# make attack  attack servers at full size                    (ARGS="--list", ARGS="scanEcho fuzz")
# make historical  download Kamaelia 1.14.32, whose programs the tests run on this release
# make soak    send an hour and a month of mail traffic       (ARGS="--store redis --workers 2")
# make soak-links  kill the ends and the servers of links, at full size  (ARGS="reader pool --scale 0.1")
# make page    check the JavaScript of the live page (needs npm), and copy its library
# make docs    build the documentation as HTML in Docs/_build/html  (ARGS="-b dummy" only checks it)
# make playground  add the playground to the documentation (needs npm, which fetches Pyodide, 13 MB)
# make docs-serve  build both, and serve them on http://127.0.0.1:8000 until Ctrl-C (PORT=8001)
# make clean   remove everything that make created
#
# Packages are installed in .venv once, and again when pyproject.toml, setup.py or the sources of
# what is compiled change.

PYTHON ?= python3
ARGS   ?=
BENCH  ?= run
PROCESSES ?= 3
PORT   ?= 8000
VENV   := .venv
PIP    := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check
COMMA  := ,
MYPYC  := $(shell $(PYTHON) Kamaelia/Compiled.py)
FORM   := pyproject.toml setup.py Axon/_core.pyx Kamaelia/Support/Protocol/WebSocket/_masks.pyx \
          Kamaelia/Compiled.py $(MYPYC)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test plain plain-install plain-test lint format bench attack historical soak soak-links page docs playground docs-serve clean

help:
	@sed -n 's/^# \(make.*\)/\1/p' Makefile

run: $(VENV)/installed
	$(VENV)/bin/python -m Kamaelia.Apps.Grey.Service.Demo $(ARGS)

# The tests of one file run in one process, in their order. Some wait for other programs, so there
# is one process more than the processors of a small machine.
test: $(VENV)/installed-test
	$(VENV)/bin/python -m pytest -n $(PROCESSES) --dist loadfile $(ARGS)

# Only a plain installation shows that a package is missing in pyproject.toml, or that a page does
# not mention an extra. Stale files in build/ would be installed, so they are removed first.
plain:
	$(MAKE) plain-install
	$(MAKE) plain-test

plain-install:
	rm -rf .venv-plain build
	$(PYTHON) -m venv .venv-plain
	.venv-plain/bin/python -m pip install --quiet --disable-pip-version-check .

plain-test: $(VENV)/installed-test
	KAMAELIA_INSTALLED_PYTHON=.venv-plain/bin/python $(VENV)/bin/python -m pytest \
		-n $(PROCESSES) --dist loadfile Tests/Docs --ignore=Tests/Docs/playground $(ARGS)

lint: $(VENV)/installed-lint
	$(VENV)/bin/python -m ruff check .
	$(VENV)/bin/python -m ruff format --check .
	$(VENV)/bin/python -m mypy

format: $(VENV)/installed-lint
	$(VENV)/bin/python -m ruff check --select I --fix .
	$(VENV)/bin/python -m ruff format .

bench: $(VENV)/installed
	$(VENV)/bin/python Tests/benchmarks/$(BENCH).py $(ARGS)

attack: $(VENV)/installed
	$(VENV)/bin/python -m Tests.attacks $(ARGS)

historical: $(VENV)/installed
	$(VENV)/bin/python -m Tests.historical.distribution

soak: $(VENV)/installed-test
	$(VENV)/bin/python -m Tests.soak $(ARGS)

soak-links: $(VENV)/installed-test
	$(VENV)/bin/python -m Tests.soak.links $(ARGS)

# The copies are committed, so that an installation needs no npm. `ARGS=verify` only compares them.
page:
	cd Packaging/page && npm ci --silent --no-audit --no-fund && npm run --silent check && \
	  npm run --silent $(or $(ARGS),build)

docs: $(VENV)/installed-docs
	$(VENV)/bin/python -m sphinx -W --keep-going -j 2 -b html Docs Docs/_build/html $(ARGS)

# npm installs the version in package-lock.json. Nothing of it is committed.
playground: $(VENV)/installed
	cd Packaging/page && npm ci --silent --no-audit --no-fund
	$(VENV)/bin/python -m Docs.playground.build Docs/_build/html/playground

docs-serve: docs playground
	$(VENV)/bin/python -m Docs.playground.serve Docs/_build/html --port $(PORT)

clean:
	rm -rf $(VENV) .venv-* build dist *.egg-info Docs/_build Docs/reference
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf Tests/benchmarks/build Tests/benchmarks/results
	rm -f $(foreach source,$(filter %.pyx,$(FORM)),$(source:.pyx=.c) $(source:.pyx=.*.so)) \
	  $(MYPYC:.py=.*.so) Kamaelia/compiled_*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "$(PYTHON) was not found. Python 3.11 or newer is needed (or name one: make PYTHON=...)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, and $(PYTHON) is `$(PYTHON) --version` (name another: make PYTHON=...)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) lacks the venv module. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(FORM) | $(VENV)/bin/python
	$(PIP) --editable '.[grey]'
	@touch $@

$(VENV)/installed-%: $(FORM) | $(VENV)/bin/python
	$(PIP) --editable '.[$(EXTRAS)]'
	@touch $@ $(VENV)/installed $(addprefix $(VENV)/installed-,$(subst $(COMMA), ,$(EXTRAS)))

# Axon.pytestPlugin imports pytest, so the type checkers need pytest.
$(VENV)/installed-test: EXTRAS := test
$(VENV)/installed-lint: EXTRAS := test,lint
$(VENV)/installed-docs: EXTRAS := test,docs
$(VENV)/installed-all: EXTRAS := test,lint,docs
