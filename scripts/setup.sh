#!/usr/bin/env bash
# Checks the tools that a build needs and installs the missing Debian packages, saying so.
#
# Needed: Rust (with rustfmt and clippy), a C compiler with the C library's headers (zstd and
# aws-lc are C), a C++ compiler (the graph of nearest vectors is C++17), make, git. Not needed: cmake (aws-lc-sys builds with the C compiler alone on
# x86_64 and arm64 Linux), pkg-config, OpenSSL.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

missing=()

need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

compiles_c() {
    local folder status=0
    folder="$(mktemp -d)"
    printf '#include <stdlib.h>\nint main(void) { return 0; }\n' >"$folder/probe.c"
    cc "$folder/probe.c" -o "$folder/probe" >/dev/null 2>&1 || status=1
    rm -rf "$folder"
    return "$status"
}

compiles_cxx() {
    local folder status=0
    folder="$(mktemp -d)"
    printf '#include <memory>\nint main() { return *std::make_unique<int>(0); }\n' >"$folder/probe.cpp"
    c++ -std=c++17 "$folder/probe.cpp" -o "$folder/probe" >/dev/null 2>&1 || status=1
    rm -rf "$folder"
    return "$status"
}

install_missing() {
    local run=()
    if [[ "$(id -u)" != 0 ]]; then
        command -v sudo >/dev/null 2>&1 || fail "please install as root: apt-get install ${missing[*]}"
        run=(sudo)
    fi
    command -v apt-get >/dev/null 2>&1 || fail "please install with your system's package manager: ${missing[*]}"
    say "setup: installing ${missing[*]} with apt-get"
    "${run[@]}" apt-get update -qq
    "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

need make make
need git git
need cc gcc
if ! command -v cc >/dev/null 2>&1 || ! compiles_c; then
    missing+=(libc6-dev)
fi
if ! command -v c++ >/dev/null 2>&1 || ! compiles_cxx; then
    missing+=(g++)
fi
if ((${#missing[@]})); then
    install_missing
    compiles_c || fail "cc still cannot compile an empty C program"
    compiles_cxx || fail "c++ still cannot compile a small C++17 program"
fi

command -v cargo >/dev/null 2>&1 || fail "Rust is not installed; see https://rustup.rs (version: rust-version in Cargo.toml)"
for component in fmt clippy; do
    if ! (cd "$ROOT" && cargo "$component" --version) >/dev/null 2>&1; then
        name="$([[ "$component" == fmt ]] && echo rustfmt || echo clippy)"
        command -v rustup >/dev/null 2>&1 || fail "cargo $component is missing; install the Rust component $name"
        say "setup: installing the Rust component $name"
        rustup component add "$name"
    fi
done
