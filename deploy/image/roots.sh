#!/usr/bin/env bash
# Lays out the images' root file systems: programs, the shared libraries that
# they load, and what libraries look for.
#
#   deploy/image/roots.sh PROGRAMS ROOTS     makes ROOTS/server and ROOTS/demo
#
# The Debian packages that files come from are named under
# /var/lib/dpkg/status.d, where scanners look, with their licences beside.
set -euo pipefail

programs=$1
roots=$2
epoch=${SOURCE_DATE_EPOCH:-0}

# owner FILE: the package that has it. Debian's list knows some by their place
# before /lib became /usr/lib.
owner() {
  local name
  for name in "$1" "${1#/usr}"; do
    if dpkg-query -S "$name" 2>/dev/null | cut -d: -f1 | head -n 1 | grep .; then
      return
    fi
  done
  echo "roots: no package has $1" >&2
  return 1
}

# record ROOT PACKAGE
record() {
  local status=$1/var/lib/dpkg/status.d licence=$1/usr/share/doc/$2
  [ ! -e "$status/$2" ] || return 0
  mkdir -p "$status" "$licence"
  dpkg-query -s "$2" >"$status/$2"
  cp -L "/usr/share/doc/$2/copyright" "$licence/copyright"
}

# system ROOT FILE [PLACE]: a file of the system, with its package.
system() {
  local place=$1${3:-$2}
  [ ! -e "$place" ] || return 0
  mkdir -p "${place%/*}"
  cp -L "$2" "$place"
  record "$1" "$(owner "$(readlink -f "$2")")"
}

# program ROOT FILE PLACE: with all shared libraries.
program() {
  install -D -m 755 "$2" "$1$3"
  local libraries library
  libraries=$(ldd "$2")
  if grep 'not found' <<<"$libraries" >&2; then return 1; fi
  for library in $(grep -o '/[^ ]*' <<<"$libraries"); do
    # Under /usr, wherever the loader has found it: /lib is a link to there.
    system "$1" "$library" "$(realpath "${library%/*}")/${library##*/}"
  done
}

# skeleton ROOT: what is in both.
skeleton() {
  mkdir -p "$1"/{etc/frontrunner,tmp,usr/bin,usr/lib,usr/lib64}
  ln -s usr/bin "$1/bin"
  ln -s usr/lib "$1/lib"
  ln -s usr/lib64 "$1/lib64"
  chmod 1777 "$1/tmp"
  cat >"$1/etc/passwd" <<'END'
root:x:0:0:root:/:/sbin/nologin
frontrunner:x:65532:65532:Frontrunner:/:/sbin/nologin
END
  printf 'root:x:0:\nfrontrunner:x:65532:\n' >"$1/etc/group"
  # Without it names in /etc/hosts come after those in the DNS.
  printf 'hosts: files dns\n' >"$1/etc/nsswitch.conf"
  system "$1" /etc/os-release
  # Made by the package when it is installed, so it has no owner.
  mkdir -p "$1/etc/ssl/certs"
  cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs"
  record "$1" ca-certificates
  program "$1" "$programs/frontrunnerd" /usr/bin/frontrunnerd
  program "$1" "$programs/frontrunner" /usr/bin/frontrunner
}

skeleton "$roots/server"
skeleton "$roots/demo"
program "$roots/demo" "$programs/frontrunner_demo_backend" \
  /usr/bin/frontrunner_demo_backend
program "$roots/demo" "$programs/libunicode_names.so" \
  /usr/lib/frontrunner/libunicode_names.so
system "$roots/demo" /usr/share/unicode/UnicodeData.txt

find "$roots" -exec touch -h -d "@$epoch" {} +
