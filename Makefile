# `make` alone lists the targets. macOS ships GNU make 3.81, which must be able to read this file.

PYTHON ?= python3
OUT ?= out
# Recipes read these two from the environment: spaces and quotes in a path then need no care.
export PORTRAIT OUT

PY := .venv/bin/python
# One process a core. A file stays in one process; browser tests, which come last, come last in each.
PYTEST := $(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder
INSTALL := $(PY) -m pip --disable-pip-version-check install --quiet --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run dev render contact-sheets test check lint blind-pairs bundle lock clean portrait

help:
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-zA-Z%-]+:.*## / {printf "  %-16s%s\n", $$1, $$2}' Makefile
	@echo "PYTHON=python3.12 chooses another Python; run \`make clean\` before you change it."

run: .venv/site ## the site at http://127.0.0.1:3000; PORT=3001 make run for another port
	@exec $(PY) manage.py serve

dev: .venv/site ## the same site for changes: restarts with the code, templates read anew, error pages
	@DEBUG=true exec $(PY) manage.py runserver

render: portrait .venv/base ## a living face from a photo: make render PORTRAIT=photo.jpg OUT=out
	$(PY) -m gpuworker render "$$PORTRAIT" "$$OUT"

contact-sheets: portrait .venv/base ## directions and eyes side by side, to look at: PORTRAIT=photo.jpg OUT=out
	$(PY) -m gpuworker contact-sheets "$$PORTRAIT" "$$OUT"

test: lint ## everything that takes seconds: lint, types, layers, tests
	$(PY) -m tests.javascript test
	$(PYTEST)

check: .venv/check ## the proofs that take minutes
	$(PYTEST) -m slow

lint: .venv/test ## style, types and layers of Python, JavaScript and templates
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m djlint --lint --quiet templates
	$(PY) -m tests.javascript lint

bench-liveportrait: .venv/check
	$(PY) -m tests.bench.liveportrait

bench-%: .venv/test ## measure one part: make bench-warp runs tests/bench/warp.py
	$(PY) -m tests.bench.$(subst -,_,$*)

blind-pairs: .venv/test ## pairs of sheets for eyes that do not know which is which: A=before/eyes B=after/eyes
	$(PY) -m tests.bench.blind_pairs

bundle: .venv/test ## write the element's bundle anew, after a change in static/gaze
	$(PY) -m tests.javascript bundle

lock: .venv/made ## write the versions that are installed anew; UPGRADE=1 make lock takes the newest
	$(PY) -m pip --disable-pip-version-check install --quiet 'uv>=0.9,<1'
	deploy/lock.sh

clean: ## remove the environment and every cache; rendered faces stay
	rm -rf .venv node_modules build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Asked before the installation, so that nobody waits a minute for this sentence.
portrait:
	@test -n "$$PORTRAIT" || { echo "Please name a photo: make $(firstword $(MAKECMDGOALS)) PORTRAIT=photo.jpg OUT=out" >&2; exit 1; }
	@test -n "$$OUT" || { echo "Please name a folder: OUT=out" >&2; exit 1; }
	@test -f "$$PORTRAIT" || { echo "There is no file $$PORTRAIT." >&2; exit 1; }

# The face models run on ai-edge-litert, which has no wheels for Intel Macs.
SYSTEM := import platform, sys; print("%d.%d " % sys.version_info[:2] + platform.system() + " " + platform.machine())

.venv/made:
	@found=$$("$(PYTHON)" -c '$(SYSTEM)' 2>/dev/null || echo missing); \
	case "$$found" in \
	    "3.1"[123]" Linux x86_64" | "3.1"[123]" Linux aarch64" | "3.1"[123]" Darwin arm64") ;; \
	    *) echo "Python 3.11, 3.12 or 3.13 on 64-bit Linux or an Apple-silicon Mac is needed, but $(PYTHON) is $$found; name another with PYTHON=python3.12." >&2; exit 1 ;; \
	esac
	@"$(PYTHON)" -c 'import ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make an environment: install its venv package, on Debian and Ubuntu with: apt install python3-venv" >&2; exit 1; }
	@echo "Making the environment .venv (once, about a minute) ..."
	"$(PYTHON)" -m venv .venv
	@touch $@

.venv/base: .venv/made pyproject.toml constraints.txt
	$(INSTALL) .
	@touch $@

.venv/site: .venv/made pyproject.toml constraints.txt
	$(INSTALL) '.[site]'
	@touch .venv/base $@

.venv/test: .venv/made pyproject.toml constraints.txt
	$(INSTALL) '.[test]'
	@touch .venv/base .venv/site $@

.venv/check: .venv/made pyproject.toml constraints.txt
	$(INSTALL) '.[check]'
	@touch .venv/base .venv/site .venv/test $@
