#!/usr/bin/env bash
# How long the console's home page takes to be usable in a cold browser, on the server that scripts/with-server.sh started.
#
# usage: scripts/with-server.sh scripts/first-load.sh [TIMES]
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
CONSOLE_URL="$URL" CONSOLE_SETUP_TOKEN="${LINK#*#}" exec node "$ROOT/console/scripts/load.mjs" "$@"
