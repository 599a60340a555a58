# make demo   trains a DCGAN on handwritten digits and leaves pictures in runs/demo
# make test   runs the tests and the notebooks
# make lab    opens JupyterLab on the notebooks
# make help   lists everything

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.gankit-installed
BACKENDS_STAMP := $(VENV)/.gankit-backends-installed
# TensorFlow Addons, the reference, needs a Python of its time.
PYTHON_ADDONS ?= python3.11
ADDONS := .venv-addons
ADDONS_STAMP := $(ADDONS)/.gankit-installed
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

# JAX compiles every operation anew on a CPU: there the game alone is tested.
OF_THE_GAME := $(addprefix tests/test_,$(addsuffix .py, \
    augmentation backends conditional_gan cyclegan distribution doctor image_pool layers \
    losses penalties resume sagan trainers weight_log))
# The others compute nothing with a backend, or with what is tested here.
OF_THE_ENGINE := $(OF_THE_GAME) $(addprefix tests/test_,$(addsuffix .py, \
    classifier constraints device few_images frechet_metric inception networks \
    schedules score_callback scorer))
# They compare with other implementations, which make test-backends installs.
OF_ORACLES := $(addprefix tests/test_,$(addsuffix .py, \
    feature_statistics kernel oracles resizing))

.DEFAULT_GOAL := help
.PHONY: help install demo test test-a-to-e test-f-to-z test-notebooks test-backends test-oracles test-torch test-jax addons bench handout lab lint clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

# pip asks the index even when everything is there; the stamp spares a second call that.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "gankit needs Python 3.11 or newer; name one with make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing gankit into $(VENV), once (about two minutes) ..."
	$(PIP) --editable ".[notebooks,test]"
	@touch $@

$(BACKENDS_STAMP): $(STAMP)
	@echo "Installing the torch and JAX backends, and other scores, once ..."
	$(PIP) --editable ".[torch,jax,oracles]"
	@touch $@

install: $(STAMP)  ## make the environment in .venv

demo: $(STAMP)  ## train a DCGAN on handwritten digits, about two minutes, into runs/demo
	$(BIN)/gankit run demo

test: $(STAMP)  ## tests on TensorFlow, and the notebooks, in smoke size
	$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@echo "Tests and notebooks run side by side, for about a quarter of an hour; each reports when it ends."
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target test-a-to-e test-f-to-z test-notebooks
	@echo "Left out: tests on torch and JAX (make test-backends)."

# Side by side: each keeps little more than one core busy.
test-a-to-e test-f-to-z: test-%: $(STAMP)
	KERAS_BACKEND=tensorflow $(BIN)/python -m pytest --quiet tests/test_[$(subst -to-,-,$*)]*.py

test-notebooks: $(STAMP)
	GANKIT_SIZE=smoke KERAS_BACKEND=tensorflow $(BIN)/python -m pytest --quiet \
	    --nbval-lax --nbval-current-env --nbval-cell-timeout 600 -x notebooks

test-backends: $(BACKENDS_STAMP)  ## the tests of the engine on torch and on JAX, and scores against others
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target test-torch test-jax test-oracles

test-oracles: $(BACKENDS_STAMP)
	KERAS_BACKEND=tensorflow $(BIN)/python -m pytest --quiet $(OF_ORACLES)

test-torch: $(BACKENDS_STAMP)
	KERAS_BACKEND=torch $(BIN)/python -m pytest --quiet -m "not tensorflow" $(OF_THE_ENGINE)

test-jax: $(BACKENDS_STAMP)
	KERAS_BACKEND=jax $(BIN)/python -m pytest --quiet -m "not tensorflow" $(OF_THE_GAME)

$(ADDONS_STAMP): environment-addons.yml
	@$(PYTHON_ADDONS) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	    { echo "TensorFlow Addons needs Python 3.11; say where with make addons PYTHON_ADDONS=..."; exit 1; }
	@echo "Installing TensorFlow Addons into $(ADDONS), once (about a minute, 1.7 GB) ..."
	$(PYTHON_ADDONS) -m venv --clear $(ADDONS)
	$(ADDONS)/bin/pip install --quiet --disable-pip-version-check \
	    $$(sed -n 's/^ *- \(.*==.*\)/\1/p' $<)
	@touch $@

addons: $(ADDONS_STAMP)  ## record anew what TensorFlow Addons computes, which tests compare with
	TF_CPP_MIN_LOG_LEVEL=3 $(ADDONS)/bin/python tests/addons/record.py

bench: $(BACKENDS_STAMP)  ## speed of training and of scores, against others
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/distances.py

handout: $(STAMP)  ## a wheel, the notebooks for students and, with solutions, for teachers
	rm -rf dist build
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	$(BIN)/gankit handout dist
	@echo "Students unpack theirs, or upload wheel and notebook to Colab."

lab: $(STAMP)  ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab notebooks

lint: $(STAMP)  ## format the code and check it
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

clean:  ## remove the environment and the caches, keep runs and data
	rm -rf $(VENV) $(ADDONS) build *.egg-info .pytest_cache .ruff_cache
