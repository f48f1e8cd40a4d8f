#!/usr/bin/env bash
# Installs the Debian 12 packages that Frontrunner needs, those that are missing.
#
#   deploy/packages.sh [GROUP…]     groups as in tests/packages.txt; default: all
#
# Where nothing is missing it asks neither the network nor for a password.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
list=$root/tests/packages.txt

say() { printf '%s\n' "packages: $*" >&2; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "this is no Debian; install what $list names in your system's way"
  exit 1
fi

# The packages of a group, each with the command that does as well, if any; of
# all groups without one.
packages_of() {
  awk -v group="${1:-}" \
    '!/^#/ && NF >= 2 && (group == "" || $1 == group) { print $2, $3 }' "$list"
}

wanted=()
for group in "${@:-}"; do
  mapfile -t found < <(packages_of "$group")
  if [ "${#found[@]}" -eq 0 ]; then
    say "there is no group \"$group\" in $list"
    exit 2
  fi
  wanted+=("${found[@]}")
done

missing=()
for line in "${wanted[@]}"; do
  read -r package command <<<"$line"
  [ -z "$command" ] || ! command -v "$command" >/dev/null || continue
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    say "missing, and neither root nor sudo to install them; as root, do:"
    say "  apt-get install --no-install-recommends ${missing[*]}"
    exit 1
  fi
  as_root=(sudo)
fi

say "installing ${missing[*]}"
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >&2
}
apt update
apt install --no-install-recommends "${missing[@]}"
