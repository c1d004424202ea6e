#!/usr/bin/env bash
# Installs what the browser tests and screenshots need and this machine lacks: Chromium, Firefox, Chinese fonts; and the clients of
# others that tests have talk to us: coturn's and GStreamer.
set -eu
want=()
[ -x /usr/bin/chromium ] || want+=(chromium)
[ -x /usr/bin/firefox-esr ] || want+=(firefox-esr)
fc-list 2>/dev/null | grep -q NotoSansCJK || want+=(fonts-noto-cjk fontconfig)
fc-list 2>/dev/null | grep -qi NotoColorEmoji || want+=(fonts-noto-color-emoji)
# These the Python tests use, and do without where they are missing.
command -v turnutils_uclient >/dev/null || want+=(coturn)
/usr/bin/python3 -c 'import gi; gi.require_version("GstWebRTC", "1.0"); from gi.repository import Gst; Gst.init(None)
exit(not all(map(Gst.ElementFactory.find, ("webrtcbin", "nicesrc", "vp8enc", "opusenc"))))' 2>/dev/null || want+=(
  python3-gi gir1.2-gst-plugins-bad-1.0 gstreamer1.0-{plugins-base,plugins-good,plugins-bad,nice})
command -v ip >/dev/null || want+=(iproute2)
[ ${#want[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing for the browser tests: ${want[*]}. Install them with:  sudo apt-get install ${want[*]}" >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null
