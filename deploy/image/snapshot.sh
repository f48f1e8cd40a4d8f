#!/usr/bin/env bash
# Makes apt install packages as they were at a moment. Without one: as they are.
#
#   deploy/image/snapshot.sh [TIMESTAMP]     20250601T000000Z, say
set -euo pipefail

moment=${1:-}
[ -n "$moment" ] || exit 0
archive=http://snapshot.debian.org/archive
rm -f /etc/apt/sources.list.d/debian.sources
cat >/etc/apt/sources.list <<END
deb [check-valid-until=no] $archive/debian/$moment bookworm main
deb [check-valid-until=no] $archive/debian/$moment bookworm-updates main
deb [check-valid-until=no] $archive/debian-security/$moment bookworm-security main
END
