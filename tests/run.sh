#!/usr/bin/env bash
# Builds Frontrunner (preset release) and runs its tests; ends with CTest's
# summary.
#
#   tests/run.sh [CTEST-ARGUMENT…]     for example: tests/run.sh -R Config
#
# Installs the Debian packages it needs first, where they are missing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

say() { printf '%s\n' "tests: $*" >&2; }

"$root/deploy/packages.sh" build run test

cd "$root"
say "building in $root/build/release"
cmake --preset release >/dev/null
cmake --build --preset release -j "$jobs"

say "running the tests, $jobs at a time"
exec ctest --test-dir build/release --no-tests=error --output-on-failure \
  -j "$jobs" "$@"
