#!/usr/bin/env bash
# A soak: `portolan serve` takes events as fast as it can for ten minutes, with recommendations beside, and brings them into
# the lake all the while. Says what memory did every ten seconds and fails where it went on growing in the second half.
#
# usage: soak.sh [SECONDS] [SHOPPERS]     needs about 10 GB of disk for ten minutes; the load runs on the same cores
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

portolan="$(portolan_path)"
bench="$(dirname "$portolan")/bench"
[[ -x "$bench" ]] || fail "$bench is not there; build it with: cargo build --release -p app -p bench"
exec "$bench" serve --portolan "$portolan" --soak "${1:-600}" --shoppers "${2:-100000}" --items 20000
