#!/usr/bin/env bash
# Generated requests, valid and not, to every operation of the OpenAPI document: no answer may be a 5xx, and answers
# have to be as the document says. Against the server with invented answers, or against URL with KEY:
# scripts/with-server.sh scripts/schemathesis.sh asks a real server on a simulated merchant.
#
# usage: scripts/schemathesis.sh [EXAMPLES]     requests an operation and phase, 50 unless told
# Needs Python with schemathesis 4 (pip install schemathesis); SCHEMATHESIS names the program.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT"

examples="${1:-50}"
tool="${SCHEMATHESIS:-schemathesis}"
command -v "$tool" >/dev/null || fail "$tool is not there; install it with: pip install schemathesis"

if [[ -z "${URL:-}" ]]; then
    address=127.0.0.1:8791
    URL="http://$address"
    told="$(mktemp)"
    "${FAKE:-$(target_dir)/release/examples/fake}" "$address" >"$told" &
    server=$!
    trap 'kill "$server" 2>/dev/null; rm -f "$told"' EXIT
    for _ in $(seq 100); do
        grep -q '^pt_admin_' "$told" && break
        sleep 0.1
    done
    KEY="$(grep '^pt_admin_' "$told")"
fi

# The stream of live events never ends: it is not a request to try a thousand times.
"$tool" run "$URL/openapi.json" \
    --header "Authorization: Bearer $KEY" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --exclude-path /api/v1/live/events \
    --max-examples "$examples" --seed 7 --request-timeout 10 --workers 1
