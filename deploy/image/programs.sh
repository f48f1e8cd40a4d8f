#!/usr/bin/env bash
# Builds what goes into the images, or takes it from prebuilt/ where that is.
#
#   deploy/image/programs.sh DIR
set -euo pipefail

to=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
from=$root/prebuilt
if [ ! -d "$from" ]; then
  from=/tmp/frontrunner-build
  cmake -S "$root" -B "$from" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_TESTING=OFF -DCMAKE_EXE_LINKER_FLAGS=-s
  cmake --build "$from" --target \
    frontrunnerd frontrunner frontrunner_demo_backend unicode_names
fi
mkdir -p "$to"
cp "$from/server/frontrunnerd" "$from/client/frontrunner" \
  "$from/deploy/demo/frontrunner_demo_backend" \
  "$from/deploy/demo/unicode_names/libunicode_names.so" "$to"
