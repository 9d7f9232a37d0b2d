#!/bin/sh
# Clients from elsewhere against a real server: Segment's for Node and Python, unmodified, and the browser script in a headless
# Chromium. Usage: clients.sh SERVER_PROGRAM [LOG_READER], the first being the example `tracking_server` of the crate `serve`. Downloads
# the clients into a temporary folder; says what it leaves out where node, python or chromium is not there.
set -eu
server=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
pids=""
trap 'for pid in $pids; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"' EXIT

web_port=18437
"$server" "$work/log" 0 "http://127.0.0.1:$web_port" >"$work/said" &
pids="$pids $!"
until grep -q address "$work/said"; do sleep 0.2; done
address=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' "$work/said")
key=$(sed -n 's/.*"key":"\([^"]*\)".*/\1/p' "$work/said")

lines() { strings -n 20 "$work"/log/*.log | grep -c "$1" || true; }
must() { # what, pattern, least number of lines of the log that have it
    found=$(lines "$2")
    if [ "$found" -lt "$3" ]; then echo "FAILED $1: $found lines with $2, expected $3"; exit 1; fi
    echo "ok: $1 ($found lines)"
}
must_not() {
    found=$(lines "$2")
    if [ "$found" -ne 0 ]; then echo "FAILED $1: $found lines with $2"; exit 1; fi
    echo "ok: $1"
}

if command -v npm >/dev/null; then
    (cd "$work" && npm init -y >/dev/null && npm install --silent @segment/analytics-node)
    cp "$here/node-client.mjs" "$work/"
    (cd "$work" && node node-client.mjs "$address" "$key")
    must "Segment's client for Node" '"node-user"' 5
    must_not "its e-mail address is not in the log" "node@example.org"
else
    echo "left out: Segment's client for Node (npm is not installed)"
fi

if python3 -m venv "$work/venv" 2>/dev/null && "$work/venv/bin/pip" -q install segment-analytics-python; then
    "$work/venv/bin/python" "$here/python_client.py" "$address" "$key"
    "$work/venv/bin/python" "$here/python_client.py" "$address" "$key" --gzip
    must "Segment's client for Python, plain and gzip" '"python-user"' 14
    must_not "its e-mail address is not in the log" "python@example.org"
else
    echo "left out: Segment's client for Python (python3 with venv and pip is not there)"
fi

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -n "$browser" ]; then
    mkdir -p "$work/web/second"
    sed "s#HOST#$address#; s#KEY#$key#" "$here/browser.html" >"$work/web/index.html"
    cp "$work/web/index.html" "$work/web/second/index.html"
    (cd "$work/web" && exec python3 -m http.server "$web_port" --bind 127.0.0.1 >/dev/null 2>&1) &
    pids="$pids $!"
    sleep 1
    "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --timeout=15000 --virtual-time-budget=15000 \
        --dump-dom "http://127.0.0.1:$web_port/" >"$work/dom" 2>/dev/null || true
    result=$(sed -n 's/.*result \({.*}\).*/\1/p' "$work/dom" | head -1)
    echo "browser: $result"
    case $result in
        *'"sentBefore":0,"storedBefore":0,"cookies":""'*'"storedAfter":1,"cookiesAfter":"","storedAtLast":0'*) echo "ok: nothing stored or sent before consent, no cookies, one entry after, none after withdrawal" ;;
        *) echo "FAILED: the browser script"; exit 1 ;;
    esac
    must "pages of a single page application" '"type":"page"' 2
    must "what was tracked before the script was there" '"Product Viewed"' 1
    must_not "parameters of addresses other than utm_" "anna@example.org"
else
    echo "left out: the browser script (no Chromium)"
fi
