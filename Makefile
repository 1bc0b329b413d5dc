# `make demo` shows kjsim at work, `make test` runs every test. Both set up what they need, and can be repeated.
.PHONY: help setup demo test unit check format vectors bench clean
PY := .venv/bin/python

help:
	@echo "make demo     set up, then run manifests/simple-job.yml as real containers"
	@echo "make test     set up, then run all tests (a Docker Engine included)"
	@echo "make check    format, lint, types, import layers"
	@echo "make bench    measure, and print tables"
	@echo "make vectors  renew the copies of specification, golden vectors and transcripts"
	@echo "make clean    remove the environment and caches"

setup:
	@.ci/python
	@.ci/engine
	@$(PY) .ci/image.py

demo: setup
	.venv/bin/kjsim run manifests/simple-job.yml

test: setup
	@.ci/kubectl
	$(PY) -m pytest -q -n 2 --dist loadfile tests

unit:
	@.ci/python
	$(PY) -m pytest -q -m "not engine" tests

check:
	@.ci/python
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format:
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: setup
	$(PY) -m tests.bench

# The steering folder beside this checkout, where it exists, is the source of these copies.
vectors:
	cp ../shared/vectors/* tests/vectors/data/
	cp ../shared/semantics/* simulator/semantics/
	cp ../shared/transcripts/* tests/cli/transcripts/

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
