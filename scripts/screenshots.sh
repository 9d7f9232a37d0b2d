#!/usr/bin/env bash
# Makes the pictures of the README again, of simulated data alone: docs/pictures/*.webp, at most 150 kB each.
# SCALE is the size of the merchant (1, whose run takes some minutes), WORKSPACE a workspace to take instead.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT"
scripts/console.sh
# shellcheck disable=SC2016 # the inner shell knows the server
SCALE="${SCALE:-1}" scripts/with-server.sh bash -c \
    'CONSOLE_URL="$URL" CONSOLE_SETUP_TOKEN="${LINK#*#}" node console/scripts/readme.mjs docs/pictures'
