#!/usr/bin/env bash
# From raw orders to launch plans in a fresh workspace; `make demo` builds the program and calls this.
#
# Environment: DATA (a file or folder to ingest; empty: the simulated merchant), SCALE and SEED of
# the simulation, DEMO_DIR (the workspace folder, made new each time), PORTOLAN (the program), SERVE
# (yes: serve the workspace afterwards, no: end; empty: ask, where somebody is there to answer).
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

data="${DATA:-}"
scale="${SCALE:-1}"
seed="${SEED:-1}"
dir="${DEMO_DIR:-demo-workspace}"
portolan="$(portolan_path)"
serve="${SERVE:-}"
mark=".made-by-demo"
home=""

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
    home=CN
    step simulate --scale "$scale" --seed "$seed" --out "$dir/data"
    # Beside the exports lie the truth and a file of odd dates whose orders are in no total.
    data="$dir/data/exports"
elif [[ ! -e "$data" ]]; then
    fail "DATA=$data does not exist"
fi
# The simulated merchant is at home in China; of a real file the largest market is taken.
step init "$dir" ${home:+--home "$home"}
step ingest "$data" --workspace "$dir"
step run --workspace "$dir"
step plan --all --findings 5 --out "$dir/plans" --workspace "$dir"

printf '\nThe launch plans are in %s; begin with %s in a browser.\n' "$dir/plans" "$dir/plans/index.html"
printf 'To look instead of reading, and for answers over HTTP: %s serve --workspace %s\n' "$portolan" "$dir"
if [[ -z "$serve" && -t 0 && -t 1 ]]; then
    read -r -p 'Serve it now? It prints its address and the link to sign in. [y/N] ' serve
fi
case "$serve" in
y | Y | yes | YES | 1) exec "$portolan" serve --workspace "$dir" ;;
*) ;;
esac
