#!/usr/bin/env bash
# Install the Debian packages whose program is not there yet, each given as PACKAGE=PROGRAM (or PACKAGE alone: always);
# without the right to do so, say which are missing and fail.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

missing=()
for wanted in "$@"; do
    case $wanted in
    *=*) command -v "${wanted#*=}" >/dev/null || missing+=("${wanted%%=*}") ;;
    *) missing+=("$wanted") ;;
    esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Not installed, and there is no apt-get here to install it: ${missing[*]} (names of Debian packages)" >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    echo "Not installed: ${missing[*]}. As root: apt-get install ${missing[*]}" >&2
    exit 1
fi
"${as_root[@]}" apt-get -qq update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null
