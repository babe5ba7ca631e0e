# Thin aliases; what they call works without make.

PYTHON = .venv/bin/python

.PHONY: help run lint types test bench check

help:   ## say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

run:    ## run the site: python3 manage.py up
	python3 manage.py up

lint:   ## style and imports
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	.venv/bin/lint-imports

types:  ## static types
	$(PYTHON) -m mypy

test:   ## the suite: python3 manage.py test
	python3 manage.py test

bench:  ## measure: python3 manage.py bench
	python3 manage.py bench

check: lint types test  ## everything that must pass before a change is merged
