#!/usr/bin/env bash
# Checks what is under deploy/, without a cluster.
#
#   tests/deploy/run.sh [manifests | image]…     default: both
#
#   manifests  renders every overlay and checks it: kubectl, node, npm
#   image      builds the image and starts it: buildah and debootstrap, as root
#
# Installs the Debian packages it needs, where they are missing, and takes the
# programs from build/release, where tests/run.sh builds them.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$here"

say() { printf '%s\n' "deploy: $*" >&2; }

# The packages of package-lock.json, where they are not there yet.
schemas() {
  cmp -s package-lock.json node_modules/.installed && return
  say "installing the schemas of the Kubernetes API"
  npm ci --ignore-scripts --omit=optional --prefer-offline --no-audit \
    --no-fund --loglevel=error >&2
  cp package-lock.json node_modules/.installed
}

run_manifests() {
  "$root/deploy/packages.sh" deploy
  schemas
  ./policy_test.py
  ./manifests_test.py "$root/build/release/server/frontrunnerd"
}

run_image() { ./image_test.py "$root/build/release"; }

if [ ! -x "$root/build/release/server/frontrunnerd" ]; then
  say "there is no build/release; tests/run.sh makes it"
  exit 1
fi
[ $# -gt 0 ] || set -- manifests image
for part in "$@"; do
  case $part in
    manifests | image) "run_$part" ;;
    *) say "there is no part \"$part\"; there are: manifests image"; exit 2 ;;
  esac
done
