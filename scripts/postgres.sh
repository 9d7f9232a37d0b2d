#!/usr/bin/env bash
# Starts a throwaway PostgreSQL in a temporary folder and runs the test of the state on it.
# Needs PostgreSQL's server programs (apt-get install postgresql); as root they run under the account `postgres`.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT"

programs="$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)"
if [[ -z "$programs" ]]; then
    say "skipped: PostgreSQL is not installed (apt-get install postgresql)"
    exit 0
fi
folder="$(mktemp -d)"
as_server() { if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi; }
((EUID == 0)) && chown postgres "$folder"
trap 'as_server "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1; rm -rf "$folder"' EXIT
as_server "$programs/initdb" -D "$folder/data" -U portolan --auth=trust >/dev/null
as_server "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
    -o "-p 54329 -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder" start >/dev/null
as_server "$programs/createdb" -h 127.0.0.1 -p 54329 -U portolan portolan
PORTOLAN_TEST_POSTGRES=postgres://portolan@127.0.0.1:54329/portolan cargo test --release ${CARGO_SELECT:--p state} --test postgres
