# Short recipes only; what needs thought is in scripts/. `make` alone prints this list.
# One profile, release, for everything: CONTRIBUTING.md, "One profile", says why.

SCALE ?= 1
SEED ?= 1
DEMO_DIR ?= demo-workspace
DATA ?=
BENCH ?=
TRIALS ?= 50
TIME ?= 60
TARGETS ?=

.DEFAULT_GOAL := help
.PHONY: help setup api console build demo test bench kill-trials fuzz soak fmt docs clean

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: ## check the tools and install the missing Debian packages
	@scripts/setup.sh

api: ## take the interface over into the console, after routes or their types changed
	cargo run --release --locked -q -p app -- openapi > console/openapi.json
	scripts/console.sh

console: ## the web console, where its sources changed (needs Node.js)
	@scripts/console.sh

build: console ## the program while you work on it: what did not change is not compiled again, see CONTRIBUTING.md
	CARGO_INCREMENTAL=1 cargo build --release --locked -p app

demo: setup console ## raw orders to launch plans: SCALE=1 SEED=1 DEMO_DIR=demo-workspace, or DATA=<file or folder>
	cargo build --release --locked -p app
	@DATA="$(DATA)" SCALE="$(SCALE)" SEED="$(SEED)" DEMO_DIR="$(DEMO_DIR)" scripts/demo.sh

test: setup ## format check, clippy, all tests and doctests, documentation without warnings
	@scripts/test.sh

bench: setup ## side-by-side benchmarks against named peers; BENCH="ingest --runs 5" runs one
	cargo build --release --locked -p app -p bench
	cargo run --release --locked -q -p bench -- $(BENCH)

kill-trials: ## kill -9 and disk-full trials against the release binary: TRIALS=50
	cargo build --release --locked -p app
	@crates/testkit/kill-trials.sh --trials $(TRIALS)

fuzz: ## fuzz the decoders, a minute each: TIME=60 TARGETS="picture sound"
	@scripts/fuzz.sh $(TIME) $(TARGETS)

soak: ## the server at full rate of events for ten minutes: what memory does
	cargo build --release --locked -p app -p bench
	@scripts/soak.sh

fmt: ## format the code
	cargo fmt --all

docs: ## write again the pages that are generated from the code
	@for page in tables rules; do \
		cargo run --release -q -p testkit --example page -- $$page > docs/$$page.md.tmp && \
		mv docs/$$page.md.tmp docs/$$page.md || exit 1; done

clean: ## remove what was built and the demo's workspace
	cargo clean
	rm -rf demo-workspace
