#!/usr/bin/env bash
# Runs a command beside a real server on a workspace of a simulated merchant, which is thrown away afterwards.
#
# usage: scripts/with-server.sh COMMAND [ARGS...]
# The command finds URL, LINK (the one-time set-up link), KEY (an admin key) and WRITE_KEY in its environment.
# WORKSPACE names a workspace to work on a copy of; without it, one is simulated: SCALE=0.05 SEED=1.
# PORTOLAN names the program; without it, the release build.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT"

(($# > 0)) || fail "a command is wanted: scripts/with-server.sh COMMAND"
portolan="$(portolan_path)"
place="$(mktemp -d)"
server=
# shellcheck disable=SC2329 # called by the trap
clean_up() {
    [[ -z "$server" ]] || kill "$server" 2>/dev/null || true
    [[ -z "$server" ]] || wait "$server" 2>/dev/null || true
    rm -rf "$place"
}
trap clean_up EXIT

shop="$place/shop"
start="$(now_ms)"
if [[ -n "${WORKSPACE:-}" ]]; then
    cp -a "$WORKSPACE" "$shop"
    rm -f "$shop"/state.db*
else
    "$portolan" simulate --quiet --scale "${SCALE:-0.05}" --seed "${SEED:-1}" --out "$place/data" >/dev/null
    "$portolan" init "$shop" --home CN --quiet >/dev/null
    "$portolan" ingest "$place/data/exports" --quiet --workspace "$shop" >/dev/null
    # A merchant this small fails a gate or two by its size; that is what the pages have to show as well.
    "$portolan" run --quiet --allow-failed-gates --workspace "$shop" >/dev/null
fi
say "workspace ready ($(seconds $(($(now_ms) - start))))" >&2

secret() { sed -n 's/.*"secret": *"\([^"]*\)".*/\1/p'; }
KEY="$("$portolan" keys create script --kind admin --json --workspace "$shop" | secret)"
WRITE_KEY="$("$portolan" keys create shop --kind write --json --workspace "$shop" | secret)"
"$portolan" serve --addr 127.0.0.1:0 --json --workspace "$shop" >"$place/said" 2>"$place/log" &
server=$!
for _ in $(seq 600); do
    grep -q '"listening"' "$place/said" && break
    kill -0 "$server" 2>/dev/null || { cat "$place/log" >&2; fail "the server did not start"; }
    sleep 0.1
done
said() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$place/said"; }
URL="$(said listening)"
LINK="$(said setup)"
[[ -n "$URL" && -n "$KEY" && -n "$WRITE_KEY" ]] || fail "the server did not say where it listens"
export URL LINK KEY WRITE_KEY
status=0
"$@" || status=$?
kill -0 "$server" 2>/dev/null || { tail -20 "$place/log" >&2; fail "the server ended meanwhile"; }
((status == 0)) || tail -5 "$place/log" >&2
exit "$status"
