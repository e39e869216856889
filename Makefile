# Two commands: `make discover` (a search on real models) and `make test` (everything CI runs).

PYTHON ?= python3
VENV   ?= .venv
# The CPU build of torch; plain `torch` may bring gigabytes of GPU libraries.
TORCH  ?= torch==2.13.0
TASK   ?= sst2
BIN    := $(VENV)/bin

.PHONY: discover test lint env clean

discover: env
	-@$(BIN)/promptsearch models get smollm2-135m
	$(BIN)/promptsearch discover --task $(TASK)

# Tests run in several processes, each on one thread: two that share their cores wait for each other.
# Those that time processes of their own have the machine to themselves afterwards.
test: env lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not alone" --numprocesses auto --maxprocesses 4 --dist loadfile
	$(BIN)/python -m pytest -m alone

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/ty check search

env: $(VENV)/.installed

# torch first, so that nothing else chooses its build.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet "$(TORCH)"
	$(BIN)/pip install --quiet -e ".[gguf,dev]"
	touch $@

clean:
	rm -rf $(VENV) .hypothesis .ruff_cache
