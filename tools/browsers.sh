#!/usr/bin/env bash
# Installs what the browser tests and screenshots need and this machine lacks: Chromium, Firefox, Chinese fonts, coturn's client.
set -eu
want=()
[ -x /usr/bin/chromium ] || want+=(chromium)
[ -x /usr/bin/firefox-esr ] || want+=(firefox-esr)
fc-list 2>/dev/null | grep -q NotoSansCJK || want+=(fonts-noto-cjk fontconfig)
fc-list 2>/dev/null | grep -qi NotoColorEmoji || want+=(fonts-noto-color-emoji)
command -v turnutils_uclient >/dev/null || want+=(coturn) # also used by the Python tests, which do without it where it is missing
command -v ip >/dev/null || want+=(iproute2)
[ ${#want[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing for the browser tests: ${want[*]}. Install them with:  sudo apt-get install ${want[*]}" >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null
