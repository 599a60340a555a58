# make demo   trains a GAN on handwritten digits and leaves pictures in runs/demo
# make test   runs the tests and the notebooks
# make lab    opens JupyterLab on copies of the notebooks, in lab
# make help   lists everything

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.gankit-installed
BACKENDS_STAMP := $(VENV)/.gankit-backends-installed
# TensorFlow Addons, which tests compare with, needs an older Python.
PYTHON_ADDONS ?= python3.11
ADDONS := .venv-addons
ADDONS_STAMP := $(ADDONS)/.gankit-installed
# nbgrader has an environment of its own; its notebooks run in that of gankit.
NBGRADER := .venv-nbgrader
NBGRADER_STAMP := $(NBGRADER)/.gankit-installed
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

# On a CPU, JAX compiles every operation, which is slow: only training is tested there.
TRAINING_TESTS := $(addprefix tests/test_,$(addsuffix .py, \
    adaptive_augmentation augmentation backends conditional_gan cyclegan distribution \
    doctor image_pool layers losses penalties resume sagan trainers weight_log workers))
# The remaining tests do not depend on the backend.
CORE_TESTS := $(TRAINING_TESTS) $(addprefix tests/test_,$(addsuffix .py, \
    classifier constraints device few_images inception networks \
    schedules score_callback scorer))
# Comparisons with other packages, which make test-backends installs.
ORACLE_TESTS := $(addprefix tests/test_,$(addsuffix .py, \
    feature_statistics kernel oracles resizing))

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow test-all quick-a-to-e quick-f-to-z slow-a-to-e slow-f-to-z test-notebooks test-backends test-oracles test-torch test-jax addons nbgrader bench handout lab lint pages docs clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

# pip contacts the index even if everything is installed; the stamp avoids that.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "gankit needs Python 3.11 or newer: pass one, as in make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing gankit into $(VENV), once (about two minutes) ..."
	$(PIP) --editable ".[notebooks,test]"
	@touch $@

$(BACKENDS_STAMP): $(STAMP)
	@echo "Installing PyTorch, JAX and other scoring packages, once ..."
	$(PIP) --editable ".[torch,jax,oracles]"
	@touch $@

install: $(STAMP)  ## install everything into .venv

demo: $(STAMP)  ## train a GAN on handwritten digits, two to six minutes, into runs/demo
	$(BIN)/gankit run demo

test: $(STAMP)  ## run the quick tests on TensorFlow, and the notebooks in smoke size
	$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@echo "Tests and notebooks run in parallel, for about six minutes; each reports when it ends."
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target quick-a-to-e quick-f-to-z test-notebooks
	@echo "Not run: tests that take long (make test-slow), tests on PyTorch and JAX (make test-backends)."

test-slow: $(STAMP)  ## run the tests that tests/slow.txt names, which take long
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target slow-a-to-e slow-f-to-z

test-all: test test-slow test-backends  ## run all tests

# In parallel: each keeps little more than one core busy.
quick-a-to-e quick-f-to-z: quick-%: $(STAMP)
	KERAS_BACKEND=tensorflow $(BIN)/python -m pytest --quiet -m "not slow" tests/test_[$(subst -to-,-,$*)]*.py

slow-a-to-e slow-f-to-z: slow-%: $(STAMP)
	KERAS_BACKEND=tensorflow $(BIN)/python -m pytest --quiet -m slow tests/test_[$(subst -to-,-,$*)]*.py

test-notebooks: $(STAMP)
	GANKIT_SIZE=smoke KERAS_BACKEND=tensorflow $(BIN)/python -m pytest --quiet \
	    --nbval-lax --nbval-current-env --nbval-cell-timeout 600 -x notebooks

test-backends: $(BACKENDS_STAMP)  ## run the core tests on PyTorch and JAX, and compare scores with other packages
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target test-torch test-jax test-oracles

test-oracles: $(BACKENDS_STAMP)
	KERAS_BACKEND=tensorflow $(BIN)/python -m pytest --quiet $(ORACLE_TESTS)

test-torch: $(BACKENDS_STAMP)
	KERAS_BACKEND=torch $(BIN)/python -m pytest --quiet -m "not tensorflow" $(CORE_TESTS)

# Tests build the same small networks again and again: JAX keeps what it has compiled.
test-jax: $(BACKENDS_STAMP)
	JAX_COMPILATION_CACHE_DIR=$(CURDIR)/.pytest_cache/jax \
	    JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 \
	    JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1 \
	    KERAS_BACKEND=jax $(BIN)/python -m pytest --quiet -m "not tensorflow" $(TRAINING_TESTS)

$(ADDONS_STAMP): environment-addons.yml
	@$(PYTHON_ADDONS) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	    { echo "TensorFlow Addons needs Python 3.11: pass it, as in make addons PYTHON_ADDONS=python3.11"; exit 1; }
	@echo "Installing TensorFlow Addons into $(ADDONS), once (about a minute, 1.7 GB) ..."
	$(PYTHON_ADDONS) -m venv --clear $(ADDONS)
	$(ADDONS)/bin/pip install --quiet --disable-pip-version-check \
	    $$(sed -n 's/^ *- \(.*==.*\)/\1/p' $<)
	@touch $@

addons: $(ADDONS_STAMP)  ## record what TensorFlow Addons computes, for the tests to compare with
	TF_CPP_MIN_LOG_LEVEL=3 $(ADDONS)/bin/python tests/addons/record.py

$(NBGRADER_STAMP): $(STAMP)
	@echo "Installing nbgrader into $(NBGRADER), once ..."
	$(PYTHON) -m venv --clear $(NBGRADER)
	$(NBGRADER)/bin/pip install --quiet --disable-pip-version-check nbgrader==0.9.6
	@touch $@

nbgrader: $(NBGRADER_STAMP)  ## let nbgrader assign and grade the first lesson
	GANKIT_SIZE=smoke KERAS_BACKEND=tensorflow $(BIN)/python tests/nbgrader/course.py $(NBGRADER)

bench: $(BACKENDS_STAMP)  ## measure speed and FID next to other packages, into results/speed and results/parity
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/distances.py
	$(BIN)/python benchmarks/parity.py

handout: $(STAMP)  ## build a wheel and the student, teacher and nbgrader editions, into dist
	rm -rf dist build
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	$(BIN)/gankit handout dist
	@echo "Students unpack their zip, or upload the wheel and a notebook to Colab."

lab: $(STAMP)  ## open JupyterLab on copies of the notebooks, in lab
	@mkdir -p lab/reports
	@cd notebooks && for file in *.ipynb reports/*.ipynb; do \
	    test -e ../lab/$$file || cp $$file ../lab/$$file || exit; done
	@echo "Your copies are in lab: what you delete there comes back as it was."
	$(BIN)/jupyter lab lab

lint: $(STAMP)  ## format the code and check it
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

pages: $(STAMP)  ## rewrite the generated pages and the picture in docs
	$(BIN)/python docs/build_pages.py
	$(BIN)/python docs/build_gallery.py

docs: $(STAMP)  ## build the documentation's site, docs/_build/html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

clean:  ## remove environments and caches; keep runs, data and lab
	rm -rf $(VENV) $(ADDONS) $(NBGRADER) build *.egg-info .pytest_cache .ruff_cache docs/_build docs/api docs/lessons
