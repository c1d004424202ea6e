#!/bin/sh
# Runs a command in a network namespace of its own. Beside loopback it has an interface with a default route whose far end
# nobody reads: whoever tries to reach a stranger really sends a packet, which a capture sees.
set -eu
if [ "${MEETINGHOUSE_SEALED:-}" = "" ]; then
  export MEETINGHOUSE_SEALED=1
  if [ "$(id -u)" = 0 ]; then exec unshare --net "$0" "$@"; fi
  exec unshare --net --map-root-user "$0" "$@"
fi
ip link set lo up
ip link add near type veth peer name far
# Nothing but IPv4: the kernel's own neighbour discovery would be taken for an attempt.
for interface in near far; do echo 1 >"/proc/sys/net/ipv6/conf/$interface/disable_ipv6"; done
ip link set far up
ip link set near up
ip address add 198.51.100.2/24 dev near
ip neighbour add 198.51.100.1 lladdr 02:00:00:00:00:01 dev near
ip route add default via 198.51.100.1
exec "$@"
