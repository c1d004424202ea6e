#!/usr/bin/env bash
# Builds MediaMTX, the peer that `make bench-peers` measures beside us, below .tools/ and prints the path of the program.
# Its repository makes two files before it builds: the version, and a player that only its HLS pages use.
set -eu
version=v1.20.1
player=1.7.0
root=$(cd "$(dirname "$0")/../.." && pwd)
place=$root/.tools/peers
program=$place/mediamtx-$version
if [ ! -x "$program" ]; then
  go=$(command -v go || echo /usr/local/go/bin/go)
  [ -x "$go" ] || { echo "Install Go (https://go.dev/dl) to build MediaMTX, or measure without it: --without-mediamtx" >&2; exit 1; }
  mkdir -p "$place"
  echo "MediaMTX $version (minutes when cold) …" >&2
  source=$("$go" mod download -json "github.com/bluenviron/mediamtx@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  rm -rf "$place/source" && cp -r "$source" "$place/source" && chmod -R u+w "$place/source"
  printf %s "$version" >"$place/source/internal/core/VERSION"
  npm install --silent --no-fund --no-audit --no-save --prefix "$place/hls" "hls.js@$player" >&2
  cp "$place/hls/node_modules/hls.js/dist/hls.min.js" "$place/source/internal/servers/hls/"
  (cd "$place/source" && CGO_ENABLED=0 nice -n 10 "$go" build -buildvcs=false -o "$program" .)
  rm -rf "$place/source" "$place/hls"
fi
echo "$program"
