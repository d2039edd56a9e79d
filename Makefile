# Two commands matter: `make demo` and `make test`. Everything is set up in .venv from the hashed lock file.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
DEMO := demo

.PHONY: help demo test check lint types floors rules eval eval-mail eval-names train bench bench-relay soak-relay fuzz lock clean

help:
	@echo "make demo    build a make-believe council share, scan it, show the report"
	@echo "make test    run the tests"
	@echo "make check   ruff, mypy --strict, import floors, rule examples, tests"
	@echo "make eval    precision and recall on our own labelled texts, and on files as offices make them"
	@echo "make eval-mail    verdicts on our own labelled mail: precision and recall of what is stopped"
	@echo "make eval-names   names and addresses: rules, model and both, by community and kind"
	@echo "make train   train the language model anew (needs the training data beside the checkout)"
	@echo "make bench   speed, against stock Presidio and a plain scan, in one run"
	@echo "make fuzz    5,000 damaged documents through the isolated workers, and what became of them"
	@echo "make bench-relay   what mail costs: direct, Postfix, the relay without and with inspection"
	@echo "make soak-relay    10,000 messages under 100 kills, every one accounted for (an hour)"
	@echo "make lock    make the hashed lock file anew (needs uv)"
	@echo "make clean   remove the environment and everything made"

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "dlp needs Python 3.11 or later; set PYTHON=python3.12 or install it"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) from the lock file (about a minute)..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)
	@$(BIN)/python tools/demo.py $(DEMO)

test: $(STAMP)
	@$(BIN)/python -m pytest -n auto

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

floors: $(STAMP)
	@$(BIN)/lint-imports --no-cache

rules: $(STAMP)
	@$(BIN)/dlp rules check

check: lint types floors rules test

eval: $(STAMP)
	@$(BIN)/python -m tests.evaluation.score
	@$(BIN)/python -m tests.evaluation.files

eval-mail: $(STAMP)
	@$(BIN)/python -m tests.evaluation.mail

train: $(STAMP)
	@$(BIN)/python -m tools.language_model.train
	@$(BIN)/python -m tools.language_model.evaluate --card

eval-names: $(STAMP)
	@$(BIN)/python -m tools.language_model.evaluate

bench: $(STAMP)
	@$(BIN)/python -m tests.benchmarks

fuzz: $(STAMP)
	@nice -n 10 $(BIN)/python -m tests.robustness.fuzz

bench-relay: $(STAMP)
	@$(BIN)/python -m tests.benchmarks.relay

soak-relay: $(STAMP)
	@$(BIN)/python -m tests.soak.relay --messages 10000 --sessions 20 --kills 100

lock:
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --group dev --group bench pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache
