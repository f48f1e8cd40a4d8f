#!/usr/bin/env bash
# deploy/quickstart.sh goes as told and leaves no process and no file behind:
# with --once, and stopped by Ctrl-C while it stays up.
#
#   quickstart_test.sh QUICKSTART BUILD-DIR
set -euo pipefail

quickstart=$1 build=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/quickstart_test.XXXXXX")
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
# Not the repository: it has to work from anywhere.
cd "$work"

fail() {
  echo "FAILED: $1"
  cat "$work/log"
  exit 1
}

# The processes of the session $sid.
session() {
  local stat fields
  for stat in /proc/[0-9]*/stat; do
    # Behind the name in brackets: state, parent, group, session, …
    read -ra fields < <(sed 's/.*) //' "$stat" 2>/dev/null) || continue
    [ "${fields[3]:-}" != "$sid" ] || echo "$stat"
  done
}

# run ARGUMENT…: in a session of its own, whose id is left in $sid; the exit
# code in $code.
run() {
  code=0
  setsid --wait bash -c 'echo $$ >sid; exec "$@"' run \
    "$quickstart" --build-dir "$build" "$@" >log 2>&1 || code=$?
  sid=$(cat sid)
}

nothing_left() {
  local left
  left=$(session)
  [ -z "$left" ] || fail "processes are left: $left"
  [ -z "$(ls -A "$TMPDIR")" ] || fail "files are left: $(ls -A "$TMPDIR")"
}

run --once
[ "$code" -eq 0 ] || fail "--once exited with $code"
for words in 'names won' 'near won' 'computed won' 'all sources failed' \
  'export FRONTRUNNER_ADDRESS=127.0.0.1:'; do
  grep -q "$words" log || fail "no \"$words\" in what it said"
done
nothing_left
echo 'ok: --once'

# Ctrl-C, as soon as it says so.
rm -f sid log
(
  for ((i = 0; i < 1200; i++)); do
    if grep -q 'Ctrl-C stops' log 2>/dev/null; then
      kill -INT "-$(cat sid)"
      break
    fi
    sleep 0.1
  done
) &
run
wait
grep -q 'Ctrl-C stops' log || fail 'it did not stay up'
[ "$code" -eq 0 ] || fail "stopped by Ctrl-C it exited with $code"
nothing_left
echo 'ok: Ctrl-C'

# In the middle of starting.
rm -f sid log
(
  for ((i = 0; i < 1200; i++)); do
    if grep -q 'starting Redis' log 2>/dev/null; then
      sleep 0.3
      kill -TERM "$(cat sid)"
      break
    fi
    sleep 0.02
  done
) &
run
wait
[ "$code" -eq 143 ] || fail "ended by SIGTERM it exited with $code"
nothing_left
echo 'ok: SIGTERM'

# A server that does not come up is told with what it said.
mkdir -p broken/client broken/deploy/demo broken/server
ln -s "$build/client/frontrunner" broken/client/
ln -s "$build/deploy/demo/frontrunner_demo_backend" broken/deploy/demo/
printf '#!/bin/sh\necho "cannot go on" >&2; exit 1\n' >broken/server/frontrunnerd
chmod +x broken/server/frontrunnerd
build=$work/broken
run --once
[ "$code" -eq 1 ] || fail "with a broken server it exited with $code"
grep -q 'frontrunnerd did not come up' log || fail 'the failure was not told'
grep -q 'cannot go on' log || fail 'the log was not shown'
nothing_left
echo 'ok: a broken server'
