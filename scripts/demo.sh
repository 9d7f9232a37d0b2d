#!/usr/bin/env bash
# From raw orders to launch plans in a fresh workspace; `make demo` builds the program and calls this.
#
# Environment: DATA (a file or folder to ingest; empty: the simulated merchant), SCALE and SEED of
# the simulation, DEMO_DIR (the workspace folder, made new each time), PORTOLAN (the program).
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

data="${DATA:-}"
scale="${SCALE:-1}"
seed="${SEED:-1}"
dir="${DEMO_DIR:-demo-workspace}"
portolan="$(portolan_path)"
mark=".made-by-demo"

# Only a folder that this script made is emptied: a mistyped DEMO_DIR must not cost anybody data.
if [[ -d "$dir" && -n "$(ls -A "$dir")" ]]; then
    [[ -e "$dir/$mark" ]] || fail "$dir is not empty and was not made by the demo; name another DEMO_DIR"
    rm -rf "${dir:?}"
fi
mkdir -p "$dir"
touch "$dir/$mark"

step() {
    local start
    start="$(now_ms)"
    printf '\n$ portolan %s\n' "$*"
    "$portolan" "$@"
    printf '  (%s)\n' "$(seconds $(($(now_ms) - start)))"
}

if [[ -z "$data" ]]; then
    data="$dir/data"
    step simulate --scale "$scale" --seed "$seed" --out "$data"
elif [[ ! -e "$data" ]]; then
    fail "DATA=$data does not exist"
fi
step init "$dir"
step ingest "$data" --workspace "$dir"
step run --workspace "$dir"
step plan --all --findings 5 --out "$dir/plans" --workspace "$dir"

printf '\nThe launch plans are in %s: open one of these in a browser.\n' "$dir/plans"
find "$dir/plans" -maxdepth 1 -name '*.html' | sort | sed 's/^/  /'
