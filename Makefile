# Meetinghouse 会堂. `make help` lists what can be made; a fresh machine needs Python >= 3.11, Rust, Node >= 20 and a C compiler.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .build
PNPM := .tools/node_modules/.bin/pnpm
UV_VERSION := 0.13.9
PNPM_VERSION := $(shell sed -n 's/.*"packageManager": "pnpm@\([0-9.]*\)".*/\1/p' web/package.json)
STATIC := src/meetinghouse/app/static
ARGS ?=

CRATES := $(shell find crates vendor -name '*.rs' -o -name Cargo.toml 2>/dev/null) Cargo.toml Cargo.lock
WEB := $(shell find web/src web/public web/scripts -type f -not -name '*.test.ts*' 2>/dev/null) web/index.html web/vite.config.ts web/lingui.config.ts web/tsconfig.json
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export UV_PYTHON_DOWNLOADS := never
# Scripts of package.json call pnpm by its name; a fresh machine has none but ours.
export PATH := $(CURDIR)/.tools/node_modules/.bin:$(PATH)

.PHONY: help install run test check fuzz format generate bench bench-peers bench-losses load soak plots screenshots dist hooks browsers \
        test-rust test-instructions test-python test-web test-e2e

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

# --- building --------------------------------------------------------------------------------------------------------

install: $(STAMPS)/engine $(STAMPS)/web ## install what the project needs below it, and build engine and web client

$(STAMPS)/tools: tools/need.sh
	@mkdir -p $(STAMPS)
	@bash tools/need.sh $(PYTHON)
	@touch $@

$(STAMPS)/venv: pyproject.toml uv.lock | $(STAMPS)/tools
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = $(UV_VERSION) || $(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@echo "Python packages …"
	@$(BIN)/uv sync --quiet --locked --inexact
	@touch $@

$(STAMPS)/engine: $(CRATES) $(STAMPS)/venv
	@echo "Engine (Rust; minutes when cold) …"
	@$(BIN)/maturin develop --release --locked --uv --quiet
	@touch $@

$(STAMPS)/pnpm: web/package.json web/pnpm-lock.yaml | $(STAMPS)/tools
	@test "$$($(PNPM) --version 2>/dev/null)" = $(PNPM_VERSION) || npm install --silent --no-fund --no-audit --prefix .tools pnpm@$(PNPM_VERSION)
	@echo "Web packages …"
	@cd web && ../$(PNPM) install --frozen-lockfile --silent
	@touch $@

$(STAMPS)/web: $(WEB) $(STAMPS)/pnpm
	@echo "Web client …"
	@cd web && ../$(PNPM) run --silent build
	@test -f $(STATIC)/index.html
	@touch $@

# --- running ---------------------------------------------------------------------------------------------------------

run: install ## serve on http://localhost:8080 with everything embedded (ARGS="--listen 0.0.0.0:8443 …")
	@exec $(BIN)/meetinghouse serve --data "$${MEETINGHOUSE_DATA:-data}" $(ARGS)

# --- checking --------------------------------------------------------------------------------------------------------

test: ## everything that CI runs, the quick checks first
	@$(MAKE) check
	@$(MAKE) test-rust test-instructions test-python test-web test-e2e

check: install ## format, lint, types, architecture, generated files; no tests
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/deptry src
	$(BIN)/python tools/generate.py --check
	$(BIN)/python tools/cargo_unused.py
	cargo fmt --check
	cargo clippy --release --locked --workspace --all-targets --quiet -- -D warnings
	cd web && ../$(PNPM) run --silent check

format: install ## format everything and fix what can be fixed
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .
	cargo fmt
	cd web && ../$(PNPM) run --silent format

generate: $(STAMPS)/engine $(STAMPS)/pnpm ## write the generated files: protocol, OpenAPI, engine stub
	$(BIN)/python tools/generate.py

test-rust: install
	MEETINGHOUSE_FUZZ_N=500000 cargo test --release --locked --workspace --exclude sfu-py
	@# Again, with the room on two engines: the same build.
	MEETINGHOUSE_WORKERS=2 cargo test --release --locked --workspace --exclude sfu-py --test meeting --test switches \
	  --test record --test connection --test one_way --test network --test temporal --test speech --test codecs \
	  --test layers --test newcomers

test-instructions: install ## a forwarded packet costs as many instructions as before, and no allocation
	@bash tools/valgrind.sh
	$(BIN)/python benches/engine/instructions.py --check

fuzz: install ## mutate hostile inputs for longer than the tests do (ARGS="20000000 7": how many, seed)
	MEETINGHOUSE_FUZZ_N=$(or $(word 1,$(ARGS)),20000000) MEETINGHOUSE_FUZZ_SEED=$(or $(word 2,$(ARGS)),$(shell date +%s)) \
	  cargo test --release --locked -p wire -p sfu-sim --test hostile -- --nocapture

test-python: install browsers
	$(BIN)/pytest -n 3
	$(BIN)/pytest -n 3 --database postgresql tests/unit

test-web: install
	cd web && ../$(PNPM) run --silent test

test-e2e: install browsers
	cd web && ../$(PNPM) run --silent e2e

browsers:
	@bash tools/browsers.sh

bench: install ## joins, start, memory, and CPU per forwarded packet
	PYTHONPATH=benches/control:benches/load $(BIN)/python benches/run.py $(ARGS)

bench-peers: install ## CPU, delay and limits beside MediaMTX, which is built below .tools (needs Go; 10 min)
	PYTHONPATH=benches/control:benches/load $(BIN)/python benches/load/peers.py $(ARGS)

bench-losses: install browsers ## what Chromium hears and sees where packets are lost, as a table, and reads of a shared screen (10 min; wants a quiet machine)
	cd web && MEETINGHOUSE_BENCH=1 ../$(PNPM) run --silent e2e --disable-console-intercept

load: install ## load on our server, or on another by WHIP and WHEP (ARGS="meeting --people 10 …", ARGS=--help)
	PYTHONPATH=benches/control:benches/load $(BIN)/python benches/load/load.py $(ARGS)

soak: install ## half an hour of people who come and go, and what of them is left in memory and files (ARGS=minutes)
	PYTHONPATH=benches/control:benches/load $(BIN)/python benches/load/soak.py $(ARGS)

plots: ## the cases of RFC 8867 and bad networks as pictures, below target/tmp
	cargo test --release --locked -p sfu-sim --test rfc8867 --test bad_networks -- --ignored --nocapture

screenshots: install browsers ## every screen, in languages, sizes and colours (up to 20 min), below screenshots/out
	cd web && ../$(PNPM) run --silent screenshots

dist: install ## a wheel with the engine and the web client inside, in dist/
	@test -f $(STATIC)/index.html
	$(BIN)/maturin build --release --locked --out dist
	@$(BIN)/python tools/check_wheel.py dist

hooks: ## let git run `make check` before each push
	git config core.hooksPath tools/hooks
