#!/usr/bin/env bash
# Kills `portolan ingest` and `portolan run` at random moments and fills the disk under them, then
# checks what is left.
#
# After every kill: (1) the lake reads cleanly (`tables`, `sql`, and `doctor --digest`, which reads
# every file); (2) each table is one that an undisturbed run has had, before or after the step,
# never half of one; (3) doing the step again and finishing gives the very same bytes in every table
# as the undisturbed run: nothing lost, nothing twice.
#
# usage: kill-trials.sh [--trials N] [--seed N] [--scale S] [--bin PORTOLAN] [--no-disk-full] [--keep]
set -euo pipefail
# shellcheck source=../../scripts/common.sh
source "$(dirname "$0")/../../scripts/common.sh"

trials=50
seed=1
scale=0.02
disk_full=1
keep=0
while (($#)); do
    case "$1" in
    --trials) trials="$2" && shift ;;
    --seed) seed="$2" && shift ;;
    --scale) scale="$2" && shift ;;
    --bin) PORTOLAN="$2" && shift ;;
    --no-disk-full) disk_full=0 ;;
    --keep) keep=1 ;;
    *) fail "unknown option $1; see the head of $0" ;;
    esac
    shift
done

portolan="$(portolan_path)"
work="$(mktemp -d)"
small="$work/small-disk"
clean_up() {
    if mountpoint -q "$small" 2>/dev/null; then umount "$small"; fi
    if ((keep)); then say "kept: $work"; else rm -rf "$work"; fi
}
trap clean_up EXIT
RANDOM="$seed"
# A fixed day, or a trial across midnight would compare two different questions.
today=2026-01-01
bad=0

# The two steps under test, in a workspace: `step` holds the command.
set_step() { # set_step ingest|run WORKSPACE
    case "$1" in
    ingest) step=("$portolan" ingest "$work/data" --as-of "$today" --quiet --workspace "$2") ;;
    run) step=("$portolan" run --quiet --workspace "$2") ;;
    *) fail "no step $1" ;;
    esac
}
do_step() {
    local step
    set_step "$@"
    "${step[@]}"
}

# `hash  zone.table` lines, sorted; reading every file of the snapshot on the way.
digest() { "$portolan" doctor --digest --workspace "$1" | grep -E '^[0-9a-f]{64}  [a-z]+\.[a-z_]+$' | sort -k2; }

# Whether everything can be read, and every table is one of those in the given digests.
reads_cleanly() { # reads_cleanly WORKSPACE DIGEST_FILE...
    local workspace="$1" line
    shift
    "$portolan" tables --workspace "$workspace" >/dev/null || return 1
    digest "$workspace" >"$work/now.digest" || return 1
    if grep -q 'clean.order_lines$' "$work/now.digest"; then
        "$portolan" sql "select count(*) from clean.order_lines" --workspace "$workspace" >/dev/null || return 1
    fi
    while read -r line; do
        # Every stage adds its rows to this one, so between two stages it has the rows of some; where a run ends it
        # is compared like any other.
        case "$line" in *marts.not_computed) continue ;; esac
        grep -qxF -- "$line" "$@" || {
            say "  a table that no undisturbed run has had: $line"
            return 1
        }
    done <"$work/now.digest"
}

# Where the snapshot stands, in one word for the trial's line.
state() { # state BEFORE AFTER
    if cmp -s "$work/now.digest" "$1"; then
        echo before
    elif cmp -s "$work/now.digest" "$2"; then
        echo after
    else
        echo between
    fi
}

finishes_equal() { # finishes_equal WORKSPACE
    { do_step ingest "$1" && do_step run "$1"; } >"$work/again.out" 2>&1 || {
        cat "$work/again.out"
        return 1
    }
    digest "$1" >"$work/end.digest" && diff "$work/done.digest" "$work/end.digest"
}

fresh() { # fresh FROM TO
    rm -rf "${2:?}"
    cp -a "$1" "$2"
}

verdict() { # verdict LINE CHECK...
    local line="$1"
    shift
    if "$@"; then
        say "$line: ok"
    else
        say "$line: FAILED"
        bad=$((bad + 1))
    fi
}

# ---- the undisturbed run, with the states it passes through -------------------------------------

say "data: simulate --scale $scale --seed 7"
"$portolan" simulate --scale "$scale" --seed 7 --out "$work/data" >/dev/null
# A first ingest without the largest order file leaves a complete lake to damage.
held_back="$(find "$work/data" -type f -name '*order*' -printf '%s %P\n' | sort -rn | head -n 1 | cut -d' ' -f2-)"
[[ -n "$held_back" ]] || fail "the simulated data has no file named *order*"
cp -a "$work/data" "$work/first"
rm "$work/first/$held_back"

"$portolan" init "$work/base" >/dev/null
"$portolan" ingest "$work/first" --as-of "$today" --quiet --workspace "$work/base" >/dev/null
do_step run "$work/base" >/dev/null
digest "$work/base" >"$work/base.digest"

fresh "$work/base" "$work/ingested"
start="$(now_ms)"
do_step ingest "$work/ingested" >/dev/null
ingest_ms=$(($(now_ms) - start))
digest "$work/ingested" >"$work/ingested.digest"

fresh "$work/ingested" "$work/done"
start="$(now_ms)"
do_step run "$work/done" >/dev/null
run_ms=$(($(now_ms) - start))
digest "$work/done" >"$work/done.digest"

say "undisturbed: ingest $ingest_ms ms, run $run_ms ms, $(wc -l <"$work/done.digest") tables; held back at first: $held_back"
if cmp -s "$work/base.digest" "$work/ingested.digest" || cmp -s "$work/ingested.digest" "$work/done.digest"; then
    fail "the steps change nothing, so a trial would prove nothing"
fi

# ---- kill -9 ------------------------------------------------------------------------------------

killed=0
trial() { # trial NUMBER
    local name=ingest before=base after=ingested span="$ingest_ms" step delay pid ended status=0 where
    if (($1 % 2 == 0)); then name=run before=ingested after="done" span="$run_ms"; fi
    fresh "$work/$before" "$work/trial"
    # RANDOM has 15 bits; from the start to a little after the usual end.
    delay=$((span * 11 * RANDOM / 327670))
    set_step "$name" "$work/trial"
    "${step[@]}" >"$work/trial.out" 2>&1 &
    pid=$!
    sleep "$(awk -v ms="$delay" 'BEGIN { printf "%.3f", ms / 1000 }')"
    kill -9 "$pid" 2>/dev/null || true
    { wait "$pid" || status=$?; } 2>/dev/null
    if ((status == 137)); then killed=$((killed + 1)) ended="killed"; else ended="had ended (exit status $status)"; fi
    if reads_cleanly "$work/trial" "$work/$before.digest" "$work/$after.digest"; then
        where="$(state "$work/$before.digest" "$work/$after.digest")"
        verdict "trial $1: $name $ended at $delay ms, state $where" finishes_equal "$work/trial"
    else
        verdict "trial $1: $name $ended at $delay ms, does not read cleanly" false
    fi
}

for ((i = 1; i <= trials; i++)); do
    trial "$i"
done

# ---- disk full ----------------------------------------------------------------------------------

kib() { du -sk "$1" | cut -f1; }

full_trial() { # full_trial ingest|run BEFORE AFTER PERCENT
    local size status=0
    # The states' difference, a part of it free: the step must run out of space on the way.
    size=$(($(kib "$work/$2") + ($(kib "$work/$3") - $(kib "$work/$2")) * $4 / 100))
    mount -o "remount,size=${size}k" "$small" && rm -rf "${small:?}/w" && cp -a "$work/$2" "$small/w"
    do_step "$1" "$small/w" >"$work/full.out" 2>&1 || status=$?
    if ((status == 0)); then
        say "disk full, $1 with $4 % of what it needs: it fitted all the same, nothing to see"
    elif ((status != 5)) || ! grep -qi 'space' "$work/full.out"; then
        verdict "disk full, $1 with $4 %: exit status $status, expected 5 and a word about space: $(tail -n 2 "$work/full.out")" false
    elif ! reads_cleanly "$small/w" "$work/$2.digest" "$work/$3.digest"; then
        verdict "disk full, $1 with $4 %: does not read cleanly" false
    else
        mount -o "remount,size=$((size * 20 + 65536))k" "$small"
        verdict "disk full, $1 with $4 %: clear error, reads cleanly, and with space" finishes_equal "$small/w"
    fi
    mount -o "remount,size=4g" "$small"
    rm -rf "${small:?}/w"
}

if ((disk_full)); then
    mkdir "$small"
    if [[ "$(id -u)" != 0 ]]; then
        say "skipped: disk-full trials need root, to mount a small disk"
    elif ! mount -t tmpfs -o size=4g tmpfs "$small" 2>/dev/null; then
        say "skipped: disk-full trials need a mount, which this machine refuses"
    else
        for percent in 10 50 90; do
            full_trial ingest base ingested "$percent"
            full_trial run ingested "done" "$percent"
        done
    fi
fi

say "$trials kill trials ($killed hit a running program), $bad failed"
((bad == 0))
