#!/usr/bin/env bash
# Builds the images frontrunner:0.1.0 and frontrunner-demo:0.1.0 with buildah,
# on a base made of Debian's own packages: no registry is asked for anything.
#
#   deploy/image.sh [--prebuilt DIR] [--storage DIR] [TARGET…]
#
#   --prebuilt DIR  take the programs that are built there, in a release build on
#                   Debian 12, instead of building them in the image: a minute
#                   instead of many
#   --storage DIR   keep images there, instead of where buildah keeps them
#   TARGET          server, demo; default: both
#
# To be run as root. The environment may have MIRROR (of Debian), SNAPSHOT and
# SOURCE_DATE_EPOCH (as in deploy/Containerfile; default: that of the commit), and
# STORAGE_DRIVER (of buildah; overlay, or vfs, which is far slower).
#
# The base and what is installed in it are kept. For today's updates:
# buildah rmi -f localhost/frontrunner-base:bookworm
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mirror=${MIRROR:-http://deb.debian.org/debian}
snapshot=${SNAPSHOT:-}
version=0.1.0
base=localhost/frontrunner-base:bookworm${snapshot:+-${snapshot,,}}
prebuilt=''
storage=()
targets=()

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }
say() { printf '%s\n' "image: $*" >&2; }

while [ $# -gt 0 ]; do
  case $1 in
    --prebuilt) prebuilt=$(cd "$2" && pwd); shift ;;
    --storage)
      mkdir -p "$2"
      storage=(--root "$2/root" --runroot "$2/run"
        --storage-driver "${STORAGE_DRIVER:-overlay}")
      shift
      ;;
    server | demo) targets+=("$1") ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
[ "${#targets[@]}" -gt 0 ] || targets=(server demo)

if [ "$(id -u)" -ne 0 ]; then
  say "debootstrap and buildah's chroot isolation have to be run as root"
  exit 1
fi
"$root/deploy/packages.sh" image

work=$(mktemp -d "${TMPDIR:-/tmp}/frontrunner-image.XXXXXX")
trap 'rm -rf "$work"' EXIT

buildah() { command buildah "${storage[@]}" "$@"; }

# A Debian 12 with hardly anything in it. The Containerfile installs its updates.
make_base() {
  local from=$mirror container
  [ -z "$snapshot" ] ||
    from=http://snapshot.debian.org/archive/debian/$snapshot
  say "making $base from $from"
  debootstrap --variant=minbase bookworm "$work/base" "$from" >"$work/log" || {
    tail -n 20 "$work/log" >&2
    return 1
  }
  cat >"$work/base/etc/apt/sources.list" <<END
deb $mirror bookworm main
deb $mirror bookworm-updates main
deb ${mirror%/debian}/debian-security bookworm-security main
END
  rm -rf "$work"/base/var/cache/apt/archives/*.deb
  container=$(buildah from scratch)
  buildah add -q "$container" "$work/base" / >/dev/null
  buildah commit -q "$container" "$base" >/dev/null
  buildah rm "$container" >/dev/null
  rm -rf "$work/base"
}

buildah inspect --type image "$base" >/dev/null 2>&1 || make_base

context=$root
arguments=()
if [ -n "$prebuilt" ]; then
  context=$work/context
  programs=(server/frontrunnerd client/frontrunner
    deploy/demo/frontrunner_demo_backend
    deploy/demo/unicode_names/libunicode_names.so)
  mkdir -p "$context/prebuilt"
  (cd "$prebuilt" && cp --parents "${programs[@]}" "$context/prebuilt")
  (cd "$root" && cp -r --parents deploy/Containerfile deploy/packages.sh \
    deploy/image tests/packages.txt "$context")
  arguments+=(--build-arg PACKAGES=runtime)
fi

revision=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null ||
  echo 0)}
for target in "${targets[@]}"; do
  name=localhost/frontrunner:$version
  [ "$target" = server ] || name=localhost/frontrunner-$target:$version
  say "building $name"
  buildah bud --isolation chroot --layers --timestamp "$epoch" \
    --pull-never --target "$target" --tag "$name" \
    --build-arg BASE="$base" --build-arg SNAPSHOT="$snapshot" \
    --build-arg SOURCE_DATE_EPOCH="$epoch" --build-arg REVISION="$revision" \
    "${arguments[@]}" --file "$context/deploy/Containerfile" "$context" \
    >"$work/log" 2>&1 || {
    tail -n 40 "$work/log" >&2
    exit 1
  }
  say "$name: $(buildah images --format '{{.Size}}' "$name")"
done
