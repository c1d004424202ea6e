#!/usr/bin/env bash
# Names what this machine lacks to build Meetinghouse, with the command to type. Usage: need.sh PYTHON
set -u
python=$1
missing=0
lack() { printf 'Missing: %s\n  install it with:  %s\n' "$1" "$2" >&2; missing=1; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

if ! command -v "$python" >/dev/null; then
  lack "Python 3.11 or newer" "apt-get install python3 python3-venv"
else
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  at_least 3.11 "$version" || lack "Python 3.11 or newer (this is $version)" "apt-get install python3 python3-venv, then make PYTHON=python3.11 …"
  "$python" -c 'import venv, ensurepip' 2>/dev/null || lack "Python's venv module" "apt-get install python3-venv"
fi
if ! command -v cargo >/dev/null; then
  lack "Rust 1.89 or newer" "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
else
  version=$(rustc --version | cut -d' ' -f2)
  at_least 1.89 "$version" || lack "Rust 1.89 or newer (this is $version)" "rustup update stable"
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  lack "Node 20 or newer, with npm" "apt-get install nodejs npm  (or from nodejs.org where that is older than 20)"
else
  version=$(node --version | tr -d v)
  at_least 20 "$version" || lack "Node 20 or newer (this is $version)" "install Node 20 from nodejs.org or your distribution"
fi
command -v cc >/dev/null || lack "a C compiler" "apt-get install build-essential"
exit "$missing"
