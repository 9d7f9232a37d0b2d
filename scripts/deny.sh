#!/usr/bin/env bash
# Licences, banned crates and sources of all dependencies, by cargo-deny and deny.toml: always. Known holes too, when the
# database of advisories can be had: a machine without a network is no reason to fail, and it is said when they were left out.
#
# usage: scripts/deny.sh            checks, installing cargo-deny where it is not there
#        scripts/deny.sh install    installs it alone; a second call takes no time
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT"

# Checked with this one; a newer one that is there already is taken as it is.
VERSION=0.20.2

install() {
    local start
    cargo deny --version >/dev/null 2>&1 && return
    say "deny: installing cargo-deny $VERSION from the registry, once (a few minutes)"
    start="$(now_ms)"
    # In a folder of its own: the flags and the target of this workspace are not its business.
    (cd / && CARGO_TARGET_DIR="$(target_dir)/tools" CARGO_INCREMENTAL=0 cargo install --locked --quiet "cargo-deny@$VERSION") ||
        fail "cargo-deny could not be installed; licences, bans and sources are unchecked (cargo install --locked cargo-deny)"
    rm -rf "$(target_dir)/tools"
    say "deny: installed ($(seconds $(($(now_ms) - start))))"
}

install
[[ "${1:-}" == install ]] && exit 0

# All platforms where their crates can be fetched; without a network those of this machine, whose crates are here.
graph=()
if ! timeout 300 cargo fetch --locked --quiet >/dev/null 2>&1; then
    host="$(rustc -vV | sed -n 's/^host: //p')"
    graph=(--target "$host")
    say "deny: crates of other platforms cannot be fetched; licences, bans and sources are checked for $host"
fi
cargo deny --offline "${graph[@]}" check licenses bans sources
if timeout 60 cargo deny fetch db >/dev/null 2>&1; then
    cargo deny check advisories
else
    say "skipped: advisories were NOT checked, because their database (github.com/rustsec/advisory-db) cannot be fetched; licences, bans and sources were"
fi
