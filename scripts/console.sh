#!/usr/bin/env bash
# Builds the console (console/dist, which the program embeds) where its sources are newer, and tests it.
#
#   scripts/console.sh         install packages where the lock file is newer, build where needed
#   scripts/console.sh test    the same, then types, unit tests, and the tests in Chromium
#   scripts/console.sh real    the built program on a simulated merchant, and what people do, in Chromium;
#                              SHOTS=FOLDER keeps pictures of every page
#
# Without Node.js the program is built without a console, and says so on its first page.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT/console"

node_is_new_enough() {
    command -v npm >/dev/null 2>&1 && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

if ! node_is_new_enough; then
    say "skipped: the console (Node.js 20.19 or newer is not there; https://nodejs.org)"
    exit 0
fi

# A registry that is slow for a moment must not fail a build.
packages() {
    local installed=node_modules/.package-lock.json
    [[ -e "$installed" && ! package-lock.json -nt "$installed" ]] && return
    local try
    for try in 1 2 3; do
        npm ci --no-audit --no-fund --loglevel=error --fetch-timeout=600000 --fetch-retries=5 && return
        say "console: npm ci failed (try $try of 3)"
    done
    fail "the console's packages could not be installed"
}

is_built() {
    [[ -e dist/index.html ]] || return 1
    [[ -z "$(find src openapi.json public tests/mock index.html package-lock.json tsconfig.json vite.config.ts -newer dist/index.html -print -quit)" ]]
}

build() {
    packages
    is_built && return
    npm run --silent build
    # Cargo does not see a folder appear that is embedded; this file embeds it.
    touch "$ROOT/crates/serve/src/console.rs"
}

chromium_is_there() {
    [[ -x "${CHROMIUM:-/usr/bin/chromium}" ]] && return
    command -v apt-get >/dev/null 2>&1 || return 1
    local run=()
    if [[ "$(id -u)" != 0 ]]; then
        command -v sudo >/dev/null 2>&1 || return 1
        run=(sudo -n)
    fi
    say "console: installing chromium with apt-get"
    "${run[@]}" apt-get update -qq && "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
}

build
if [[ "${1:-}" == real ]]; then
    if ! chromium_is_there; then
        say "skipped: the console on a real server (no Chromium; CHROMIUM names one)"
        exit 0
    fi
    NO_COLOR=1 exec "$ROOT/scripts/with-server.sh" "$ROOT/scripts/console-real.sh"
fi
if [[ "${1:-}" == test ]]; then
    export NO_COLOR=1
    npm run --silent types
    npm run --silent test
    if chromium_is_there; then
        npm run --silent e2e
    else
        say "skipped: tests of the console in a browser (no Chromium; CHROMIUM names one)"
    fi
fi
