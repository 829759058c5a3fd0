#!/usr/bin/env bash
# Unpacks a package of the system's own Debian release into the cache folder, without installing it or what it depends on:
# unpack_package.sh PACKAGE → prints the folder. Run by the tests; needs no root.
set -euo pipefail
package=$1
folder="${OPENDRS_CACHE:?}/package-$package"
if [ -f "$folder/.complete" ]; then
  echo "$folder"
  exit 0
fi
rm -rf "$folder"
mkdir -p "$folder/.download"
(cd "$folder/.download" && apt-get -q -o APT::Sandbox::User= download "$package" >&2)
dpkg-deb -x "$folder"/.download/*.deb "$folder"
rm -rf "$folder/.download"
touch "$folder/.complete"
echo "$folder"
