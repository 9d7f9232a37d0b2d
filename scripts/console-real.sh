#!/usr/bin/env bash
# The console's tests on the server that scripts/with-server.sh started; scripts/console.sh real calls it.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT/console"
export CONSOLE_URL="$URL" CONSOLE_SETUP_LINK="$LINK" CONSOLE_WRITE_KEY="$WRITE_KEY"
exec npm run --silent real
