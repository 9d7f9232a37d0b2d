#!/usr/bin/env bash
# Clients from elsewhere against `portolan serve`: Segment's for Node and Python as the registries have them, unmodified, and
# the browser script in a headless Chromium. A part of `make test`. The clients are downloaded into a temporary folder;
# what cannot be had (no npm, no pip, no registry, no Chromium) is told with the reason and left out.
#
# usage: clients.sh [PORTOLAN]
set -euo pipefail
# shellcheck source=../common.sh
source "$(dirname "$0")/../common.sh"
here="$(cd "$(dirname "$0")" && pwd)"
[[ $# -eq 0 ]] || PORTOLAN="$1"
portolan="$(portolan_path)"
work="$(mktemp -d)"
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"' EXIT
passed=0
failed=0

web_port=18437
shop="$work/shop"
"$portolan" init "$shop" --quiet >/dev/null
key="$("$portolan" keys create clients --kind write --origin "http://127.0.0.1:$web_port" --json --workspace "$shop" |
    sed -n 's/.*"secret": *"\([^"]*\)".*/\1/p')"
[[ -n "$key" ]] || fail "no key was made"
"$portolan" serve --addr 127.0.0.1:0 --json --workspace "$shop" >"$work/said" 2>"$work/server.log" &
pids+=($!)
for ((i = 0; i < 300; i++)); do
    grep -q listening "$work/said" && break
    sleep 0.1
done
address="$(sed -n 's/.*"listening": *"\([^"]*\)".*/\1/p' "$work/said")"
[[ -n "$address" ]] || fail "the server did not start: $(cat "$work/server.log")"

# Lines of the log that have a text. What is between two records is not printable.
lines() { cat "$shop"/journal/*.log 2>/dev/null | LC_ALL=C tr -c '[:print:]' '\n' | grep -c -F -- "$1" || true; }
verdict() { # verdict WHAT ok|WHY
    if [[ "$2" == ok ]]; then
        passed=$((passed + 1))
        say "ok: $1"
    else
        failed=$((failed + 1))
        say "FAILED: $1: $2"
    fi
}
must() { # must WHAT TEXT LEAST
    local found
    found="$(lines "$2")"
    if ((found < $3)); then verdict "$1" "$found lines with $2, expected $3"; else verdict "$1 ($found lines)" ok; fi
}
must_not() { # must_not WHAT TEXT
    local found
    found="$(lines "$2")"
    if ((found)); then verdict "$1" "$found lines with $2"; else verdict "$1" ok; fi
}
skip() { say "skipped: $1"; }

if ! command -v npm >/dev/null; then
    skip "Segment's client for Node: npm is not installed"
elif ! (cd "$work" && npm init -y >/dev/null && timeout 180 npm install --silent --no-audit --no-fund @segment/analytics-node) >"$work/npm.log" 2>&1; then
    skip "Segment's client for Node: npm cannot reach a registry"
else
    cp "$here/node-client.mjs" "$work/"
    if (cd "$work" && timeout 120 node node-client.mjs "$address" "$key"); then
        must "Segment's client for Node" '"node-user"' 5
        must_not "its e-mail address is not in the log" "node@example.org"
    else
        verdict "Segment's client for Node" "it says that its events were not delivered"
    fi
fi

if ! python3 -m venv "$work/venv" >/dev/null 2>&1; then
    skip "Segment's client for Python: python3 with venv is not installed"
elif ! timeout 180 "$work/venv/bin/pip" -q --disable-pip-version-check install segment-analytics-python >"$work/pip.log" 2>&1; then
    skip "Segment's client for Python: pip cannot reach a registry"
elif timeout 120 "$work/venv/bin/python" "$here/python_client.py" "$address" "$key" &&
    timeout 120 "$work/venv/bin/python" "$here/python_client.py" "$address" "$key" --gzip; then
    must "Segment's client for Python, plain and gzip" '"python-user"' 14
    must_not "its e-mail address is not in the log" "python@example.org"
else
    verdict "Segment's client for Python" "it says that its events were not delivered"
fi

browser="$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)"
if [[ -z "$browser" ]]; then
    skip "the browser script: no Chromium is installed"
elif ! command -v python3 >/dev/null; then
    skip "the browser script: python3, which serves its page, is not installed"
else
    mkdir -p "$work/web/second"
    sed "s#HOST#$address#; s#KEY#$key#" "$here/browser.html" >"$work/web/index.html"
    cp "$work/web/index.html" "$work/web/second/index.html"
    (cd "$work/web" && exec python3 -m http.server "$web_port" --bind 127.0.0.1 >/dev/null 2>&1) &
    pids+=($!)
    sleep 1
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --timeout=15000 \
        --virtual-time-budget=15000 --dump-dom "http://127.0.0.1:$web_port/" >"$work/dom" 2>/dev/null || true
    result="$(sed -n 's/.*result \({.*}\).*/\1/p' "$work/dom" | head -1)"
    say "browser: $result"
    case "$result" in
    *'"sentBefore":0,"storedBefore":0,"cookies":""'*'"storedAfter":1,"cookiesAfter":"","storedAtLast":0'*)
        verdict "nothing stored or sent before consent, no cookies, one entry after, none after withdrawal" ok ;;
    *) verdict "the browser script" "it said: $result" ;;
    esac
    must "pages of a single page application" '"type":"page"' 2
    must "what was tracked before the script was there" '"Product Viewed"' 1
    must_not "parameters of addresses other than utm_" "anna@example.org"
fi

# As the runner of the other tests says it, so that these are counted with them.
if ((failed)); then word=FAILED; else word=ok; fi
say "test result: $word. $passed passed; $failed failed; 0 ignored"
((failed == 0))
