#!/usr/bin/env bash
# Licences, banned crates and sources of all dependencies, by cargo-deny and deny.toml. Known holes too, when the
# database of advisories can be had: a machine without a network is no reason to fail.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT"

if ! command -v cargo-deny >/dev/null; then
    say "skipped: cargo-deny is not installed (cargo install cargo-deny --locked)"
    exit 0
fi
cargo deny --offline check licenses bans sources
if timeout 60 cargo deny fetch db >/dev/null 2>&1; then
    cargo deny check advisories
else
    say "skipped: the database of advisories cannot be fetched"
fi
