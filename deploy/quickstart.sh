#!/usr/bin/env bash
# Frontrunner in one command: builds it, starts Redis, memcached, a backend and
# the server on free ports of this machine, and looks real keys up, each race
# drawn as a picture.
#
#   deploy/quickstart.sh [--once] [--build-dir DIR]
#
#   --once           exit after the lookups instead of staying up until Ctrl-C
#   --build-dir DIR  use what is built there; build and install nothing
#
# Exits 0 when everything went as told (and it was stopped, without --once), 1
# otherwise. Leaves no process and no file behind but the build.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release
once=false
ready_built=false

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

while [ $# -gt 0 ]; do
  case $1 in
    --once) once=true ;;
    --build-dir)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      build=$(cd "$2" && pwd)
      ready_built=true
      shift
      ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

# --- Saying, failing, cleaning up --------------------------------------------

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  colour=always bold=$'\e[1m' plain=$'\e[0m'
else
  colour=never bold='' plain=''
fi

say() { printf '%s\n' "$*"; }
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
progress() { printf 'quickstart: %s\n' "$*" >&2; }

work=''
declare -A pids=()
# In the order of starting; stopped the other way round.
started=()

# stop NAME: SIGTERM, SIGKILL after five seconds, gone on return.
stop() {
  local pid=${pids[$1]:-} i
  unset "pids[$1]"
  [ -n "$pid" ] || return 0
  kill -TERM "$pid" 2>/dev/null || true
  for ((i = 0; i < 100; i++)); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

clean_up() {
  local status=$? i
  trap '' INT TERM HUP PIPE
  trap - EXIT
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do stop "${started[i]}"; done
  [ -z "$work" ] || rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
trap 'exit 141' PIPE

# fail MESSAGE [NAME]: with the end of NAME's log.
fail() {
  {
    printf '\nquickstart: %s\n' "$1"
    if [ $# -ge 2 ] && [ -s "$work/$2.log" ]; then
      printf 'The end of what %s said:\n' "$2"
      tail -n 20 "$work/$2.log" | sed 's/^/  /'
    fi
  } >&2
  exit 1
}

# start NAME COMMAND…: in the background, its outputs in a log of its own.
start() {
  local name=$1
  shift
  # Here, and not by the child: what its predecessor said must be gone before
  # anybody looks.
  : >"$work/$name.log"
  "$@" >>"$work/$name.log" 2>&1 </dev/null &
  pids[$name]=$!
  started+=("$name")
}

alive() { kill -0 "${pids[$1]}" 2>/dev/null; }

# wait_for NAME COMMAND…: until COMMAND succeeds, as long as NAME lives, for
# twenty seconds at most. Not zero: it did not come up.
wait_for() {
  local name=$1 until=$((SECONDS + 20))
  shift
  while ! "$@" >/dev/null 2>&1; do
    alive "$name" && [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.05
  done
  alive "$name"
}

# What a program printed behind some words at the start of a line, up to a blank.
said() { sed -n "s|^$2\([^ ]*\).*|\1|p" "$work/$1.log" | grep . | head -n 1; }

# --- The servers -------------------------------------------------------------

redis_port=''
start_redis() {
  local try port
  for ((try = 0; try < 10; try++)); do
    # Below the ports that the system hands out by itself.
    port=${redis_port:-$((20000 + RANDOM % 12000))}
    start redis redis-server --bind 127.0.0.1 --port "$port" --save '' \
      --appendonly no --dir "$work" --daemonize no
    if wait_for redis grep -q 'Ready to accept connections' "$work/redis.log"; then
      redis_port=$port
      return
    fi
    stop redis
  done
  fail 'Redis did not come up.' redis
}

start_memcached() {
  local user=()
  [ "$(id -u)" -ne 0 ] || user=(-u root)
  MEMCACHED_PORT_FILENAME=$work/memcached.port \
    start memcached memcached "${user[@]}" -l 127.0.0.1 -p -1 -U 0 -m 64
  wait_for memcached grep -q '^TCP INET: ' "$work/memcached.port" ||
    fail 'memcached did not come up.' memcached
  memcached_port=$(sed -n 's/^TCP INET: //p' "$work/memcached.port" | head -n 1)
}

backend_address=127.0.0.1:0
start_backend() {
  start backend "$build/deploy/demo/frontrunner_demo_backend" \
    --listen "$backend_address" --seed 5
  wait_for backend said backend 'listening on ' ||
    fail 'The backend did not come up.' backend
  backend_address=$(said backend 'listening on ')
}

port=0 admin_port=0
start_server() {
  sed -e "s|@PORT@|$port|" -e "s|@ADMIN_PORT@|$admin_port|" \
    -e "s|@STATE@|$work/state|" \
    -e "s|@REDIS@|127.0.0.1:$redis_port|" \
    -e "s|@MEMCACHED@|127.0.0.1:$memcached_port|" \
    -e "s|@BACKEND@|$backend_address|" \
    -e "s|@PLUGIN@|$build/deploy/demo/unicode_names/libunicode_names.so|" \
    "$root/deploy/demo/frontrunner.yaml.in" >"$work/frontrunner.yaml"
  start frontrunnerd "$build/server/frontrunnerd" \
    --config "$work/frontrunner.yaml"
  wait_for frontrunnerd said frontrunnerd 'admin on ' ||
    fail 'frontrunnerd did not come up.' frontrunnerd
  address=$(said frontrunnerd 'listening on ')
  admin_address=$(said frontrunnerd 'admin on ')
  port=${address##*:} admin_port=${admin_address##*:}
  wait_for frontrunnerd connected ||
    fail 'frontrunnerd did not reach its sources.' frontrunnerd
}

frontrunner() {
  FRONTRUNNER_ADDRESS=$address FRONTRUNNER_ADMIN_ADDRESS=$admin_address \
    "$build/client/frontrunner" "$@"
}

# Every source is connected.
connected() {
  local sources
  sources=$(frontrunner sources --deadline 2s) || return 1
  ! grep -Eq ' (opening|disconnected|unknown) ' <<<"$sources"
}

# --- The lookups -------------------------------------------------------------

# race KEY: looks it up and draws the race. Leaves the picture without colours
# in $picture, and the exit code in $code.
race() {
  local drawn
  code=0
  drawn=$(frontrunner lookup unicode "$1" --report --color "$colour" 2>&1) ||
    code=$?
  # shellcheck disable=SC2001
  picture=$(sed $'s/\e\\[[0-9;]*m//g' <<<"$drawn")
  printf '\n%s\n' "$drawn"
}

# expect CODE PATTERN…: what the last race must have come to.
expect() {
  local pattern
  [ "$code" -eq "$1" ] ||
    fail "That race exited with $code instead of $1." frontrunnerd
  shift
  for pattern in "$@"; do
    grep -Eq -- "$pattern" <<<"$picture" ||
      fail "That race did not go as told: no \"$pattern\" in it." frontrunnerd
  done
}

stored() { # in Redis: so many keys, or more
  [ "$(redis-cli -p "$redis_port" dbsize)" -ge "$1" ]
}

show() {
  step '1. Nobody has it but the backend'
  say 'The caches miss, so the backend is asked, a few milliseconds away; its'
  say 'answer wins and is stored in every cache that missed.'
  race U+1F3C1
  expect 0 'CHEQUERED FLAG' 'names won' 'near +.miss' 'redis .*miss'

  step '2. The same again'
  say 'Memory has it now: its hit ends the race before anybody else starts.'
  race U+1F3C1
  expect 0 'CHEQUERED FLAG' 'near won' 'names .*not started'

  step '3. A name that follows from a rule'
  say 'The computation knows every Hangul syllable. It needs no network, so it'
  say 'is first.'
  race U+D55C
  expect 0 'HANGUL SYLLABLE HAN' 'computed won'

  step '4. The first key again, after a restart of the server'
  say 'Its memory is empty; Redis and memcached still have the name.'
  wait_for redis stored 2 || fail 'Redis did not get what was looked up.' redis
  local try
  for try in 1 2 3; do
    stop frontrunnerd
    start_server
    race U+1F3C1
    if [ "$try" -eq 3 ] || ! grep -q 'names won' <<<"$picture"; then break; fi
    say '(The caches took their time and the backend was asked too. Once more.)'
  done
  expect 0 'CHEQUERED FLAG' '(redis|mc) won' 'near +.miss'

  step '5. The backend is stopped'
  say 'What is cached or computed is answered all the same.'
  stop backend
  race U+1F3C1
  expect 0 'CHEQUERED FLAG' 'near won'
  race U+4E00
  expect 0 'CJK UNIFIED IDEOGRAPH-4E00' 'computed won'

  step '6. Redis is stopped too, and nobody has this one'
  say 'All of them miss or fail, and the caller is told how each of them ended.'
  stop redis
  race U+1F40E
  expect 3 'UNAVAILABLE' 'redis .*UNAVAILABLE' 'names .*UNAVAILABLE' \
    'mc .*miss' 'computed .*not its kind'

  step '7. Everything is back'
  say 'The server found its own way back to both.'
  start_redis
  start_backend
  wait_for frontrunnerd connected ||
    fail 'frontrunnerd did not find its way back.' frontrunnerd
  race U+1F40E
  expect 0 'HORSE' 'names won'

  step '8. The backend is to be spared'
  say 'A queue stands before it. Its width is changed while lookups go through.'
  command queue width names 2
  command queue list

  step '9. All chess symbols, before anybody asks for them'
  say 'A prefetch goes through the same queue, behind those who wait for answers.'
  local code_point
  for code_point in {4..9} {A..F}; do echo "U+265$code_point"; done \
    >"$work/keys"
  command prefetch unicode "$work/keys"
  race U+265E
  expect 0 'BLACK CHESS KNIGHT' 'near won'
}

# command ARGUMENT…: runs frontrunner for everybody to see; it must succeed.
command() {
  printf '\n$ frontrunner %s\n' "${*/"$work"\//}"
  frontrunner "$@" 2>&1 || fail "That command exited with $?." frontrunnerd
}

# --- All of it ---------------------------------------------------------------

if ! $ready_built; then
  "$root/deploy/packages.sh" build run
  progress "building in $build"
  cd "$root"
  cmake --preset release >/dev/null
  cmake --build --preset release -j "$(nproc)" --target \
    frontrunnerd frontrunner frontrunner_demo_backend unicode_names >&2
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/frontrunner.XXXXXX")
progress 'starting Redis, memcached, the backend and frontrunnerd'
start_redis
start_memcached
start_backend
start_server
show

step 'To go on'
say "The server answers on $address, its AdminService on $admin_address:"
say
say "  export FRONTRUNNER_ADDRESS=$address FRONTRUNNER_ADMIN_ADDRESS=$admin_address"
say "  PATH=\"$build/client:\$PATH\""
say '  frontrunner lookup unicode U+1F996 --report'
say '  frontrunner lookup unicode U+2603 U+1D11E U+AC00'
say '  frontrunner put unicode U+E000 "MY OWN CHARACTER"'
say '  frontrunner tables; frontrunner sources; frontrunner --help'
say '  frontrunner queue show names; frontrunner outstanding --watch'

if $once; then exit 0; fi
say
trap 'exit 0' INT TERM
say 'Ctrl-C stops all of it.'
while true; do
  for name in "${!pids[@]}"; do
    alive "$name" || fail "$name has ended by itself." "$name"
  done
  sleep 1
done
