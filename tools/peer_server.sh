#!/usr/bin/env bash
# Unpacks a database server of another Debian release into the cache folder, beside the system and without installing
# anything: peer_server.sh SUITE PACKAGE… → prints the folder. Run by the tests; needs no root.
#   peer_server.sh sid mysql-server-core        MySQL 9.7
#   peer_server.sh trixie mariadb-server-core   MariaDB 11.8
#   peer_server.sh bullseye mariadb-server-core-10.5
#   peer_server.sh sid valkey-server            Valkey 9.1
#   peer_server.sh sid redis-server             Redis 8.0
#   peer_server.sh bookworm redis-server        Redis 7.0, unpacked so that no service starts
# Each is a folder of its own: a cache that lacks one gets it beside the others.
set -euo pipefail
suite=$1
shift
folder="${OPENDRS_CACHE:?}/peer-$suite-$1"
if [ -f "$folder/.complete" ]; then
  echo "$folder"
  exit 0
fi
rm -rf "$folder"
apt="$folder/.apt"
mkdir -p "$apt"/etc/apt/{preferences.d,apt.conf.d} "$apt"/var/lib/apt/lists/partial "$apt"/var/lib/dpkg "$apt"/var/cache/apt/archives/partial
: >"$apt/var/lib/dpkg/status"
# The same mirror as the system's own Debian release.
mirror=$(apt-get indextargets --format "\$(SITE)" "Created-By: Packages" "Origin: Debian" "Codename: bookworm" | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:?no Debian mirror in the system sources} $suite main" \
  >"$apt/etc/apt/sources.list"
options=(-q -o "Dir=$apt" -o "Dir::State::status=$apt/var/lib/dpkg/status" -o Acquire::Check-Valid-Until=false
  -o Acquire::Languages=none -o APT::Sandbox::User=)
apt-get "${options[@]}" update >&2
apt-get "${options[@]}" install -y --no-install-recommends --download-only "$@" >&2
for package in "$apt"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$package" "$folder" 2>/dev/null; done
rm -rf "$apt"
chmod -R a+rX "$folder"
touch "$folder/.complete"
echo "$folder"
