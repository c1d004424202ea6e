#!/usr/bin/env bash
# Installs what counts instructions and this machine lacks: valgrind.
set -eu
command -v valgrind >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing for counting instructions: valgrind. Install it with:  sudo apt-get install valgrind" >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends valgrind >/dev/null
