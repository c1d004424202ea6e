//! The worker's UDP socket: what the kernel refuses is counted, never waited for.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

use sfu::{MAX_SEGMENTS, Outbox};

use crate::asked::Asked;
use crate::runs::{Joiner, Run};
use crate::sys;

/// Wanted for both kernel buffers: a quarter of a second of 100 Mbit/s.
const BUFFER_BYTES: i32 = 4 << 20;

/// The largest run that the kernel joins (`UDP_GRO`), and the largest datagram there is.
const RECEIVE_BYTES: usize = 64 << 10;

/// Datagrams lost between the engine and the wire, by reason.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Drops {
    /// The kernel's send buffer or the device's queue was full.
    send_queue_full: u64,
    /// No route, or a firewall said no.
    unreachable: u64,
    /// Larger than the path takes.
    too_large: u64,
    /// Any other refusal.
    send_failed: u64,
    /// The kernel's receive buffer was full.
    receive_queue_full: u64,
}

impl Drops {
    /// With their names in statistics, without zeros.
    pub(crate) fn named(self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("send_queue_full", self.send_queue_full),
            ("unreachable", self.unreachable),
            ("too_large", self.too_large),
            ("send_failed", self.send_failed),
            ("receive_queue_full", self.receive_queue_full),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
    }

    fn count(&mut self, error: &io::Error, datagrams: u64) {
        let counter = match error.raw_os_error() {
            Some(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM) => &mut self.send_queue_full,
            Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN | libc::EPERM | libc::EACCES) => {
                &mut self.unreachable
            }
            Some(libc::EMSGSIZE) => &mut self.too_large,
            _ => &mut self.send_failed,
        };
        *counter += datagrams;
    }
}

/// A bound socket with the buffer that it reads into.
#[derive(Debug)]
pub(crate) struct Socket {
    udp: UdpSocket,
    buffer: Box<[u8]>,
    /// Until the kernel or a device refuses.
    offload: bool,
    /// The socket takes IPv6 addresses only, IPv4 as mapped ones.
    six: bool,
    /// On a socket that serves every address of the machine.
    asked: Option<Asked>,
    joiner: Joiner,
    drops: Drops,
}

impl Socket {
    /// Binds and sets what pays: large buffers, joined reads, the kernel's drop counter.
    pub(crate) fn bind(listen: SocketAddr) -> io::Result<Self> {
        let udp = sys::udp_socket(listen)?;
        sys::receive_joined(&udp, BUFFER_BYTES)?;
        sys::set_buffer(&udp, libc::SO_SNDBUF, libc::SO_SNDBUFFORCE, BUFFER_BYTES)?;
        let wildcard = listen.ip().is_unspecified();
        if wildcard && listen.is_ipv4() {
            sys::set_option(&udp, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
        } else if wildcard {
            sys::set_option(&udp, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        }
        let asked = wildcard.then(Asked::default);
        Ok(Self::with(udp, listen.is_ipv6(), asked, Drops::default()))
    }

    /// The same port for another engine; nothing is left of what was known of the peers.
    pub(crate) fn renew(self) -> Self {
        let Self { udp, six, asked, drops, .. } = self;
        Self::with(udp, six, asked.map(|_| Asked::default()), drops)
    }

    fn with(udp: UdpSocket, six: bool, asked: Option<Asked>, drops: Drops) -> Self {
        let buffer = vec![0; RECEIVE_BYTES].into_boxed_slice();
        Self { udp, buffer, offload: true, six, asked, joiner: Joiner::default(), drops }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    /// For waiting.
    pub(crate) fn fd(&self) -> RawFd {
        self.udp.as_raw_fd()
    }

    /// What was lost so far.
    pub(crate) fn drops(&self) -> Drops {
        self.drops
    }

    /// Reads once and hands every datagram on. How many there were; 0 when none waits.
    pub(crate) fn receive(&mut self, mut handle: impl FnMut(SocketAddr, &mut [u8])) -> usize {
        let received = match sys::receive(&self.udp, &mut self.buffer) {
            Ok(received) => received,
            // A pending ICMP error of an earlier send is reported once and says nothing about what waits.
            Err(error) if error.kind() != ErrorKind::WouldBlock => return 1,
            Err(_) => return 0,
        };
        if let Some(overflow) = received.overflow {
            self.drops.receive_queue_full = u64::from(overflow);
        }
        let Some(from) = received.from else { return 1 };
        if let (Some(asked), Some(to)) = (&mut self.asked, received.to) {
            asked.arrived(from, to);
        }
        let datagrams = self.buffer[..received.len].chunks_mut(received.segment.max(1));
        datagrams.map(|datagram| handle(from, datagram)).count().max(1)
    }

    /// What was read last came to another address than its sender's datagrams before: its answer must be sent before
    /// anything else is read.
    pub(crate) fn is_urgent(&self) -> bool {
        self.asked.as_ref().is_some_and(Asked::is_new)
    }

    /// Sends everything; what goes by TCP is the caller's.
    pub(crate) fn send(&mut self, outbox: &Outbox, mut by_tcp: impl FnMut(&Run)) {
        let Self { udp, joiner, drops, offload, six, asked, .. } = self;
        for run in joiner.join(outbox) {
            if run.to.is_tcp() {
                by_tcp(run);
                continue;
            }
            let to = run.to.address;
            let source = asked.as_mut().and_then(|asked| asked.source(to, run.parts(outbox)));
            let to = sys::to_raw(if *six { mapped(to) } else { to });
            send_run(udp, outbox, run, (&to, source), offload, drops);
        }
        if let Some(asked) = asked {
            asked.sent();
        }
    }
}

fn send_run(
    socket: &UdpSocket,
    outbox: &Outbox,
    run: &Run,
    (to, source): (&sys::RawAddress, Option<IpAddr>),
    offload: &mut bool,
    drops: &mut Drops,
) {
    if *offload && run.datagrams() > 1 {
        let mut parts = [IoSlice::new(&[]); MAX_SEGMENTS];
        let filled = parts.iter_mut().zip(run.parts(outbox)).map(|(part, bytes)| *part = IoSlice::new(bytes));
        let count = filled.count();
        match sys::send(socket, to, source, &parts[..count], Some(run.segment as u16)) {
            Ok(()) => return,
            // EIO: the device cannot make checksums; EINVAL: no such option, or larger than the path takes.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL)) => *offload = false,
            Err(error) => return drops.count(&error, run.datagrams() as u64),
        }
    }
    for datagram in run.parts(outbox).flat_map(|part| part.chunks(run.segment)) {
        if let Err(error) = sys::send(socket, to, source, &[IoSlice::new(datagram)], None) {
            drops.count(&error, 1);
        }
    }
}

/// As a socket of IPv6 writes it.
fn mapped(to: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(v4) => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
        SocketAddr::V6(_) => to,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};
    use std::time::Duration;

    use sfu::Outbox;

    use super::Socket;
    use crate::sys;

    fn bind(listen: &str) -> Socket {
        Socket::bind(listen.parse().expect("an address")).expect("a socket")
    }

    fn receiver() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let address = socket.local_addr().expect("bound");
        (socket, address)
    }

    /// Sends these and returns what arrives as (first byte, length).
    fn sent_through(socket: &mut Socket, lengths: &[usize]) -> Vec<(u8, usize)> {
        let (receiver, to) = receiver();
        let mut outbox = Outbox::new();
        for (number, len) in lengths.iter().enumerate() {
            outbox.push(to, |buffer| buffer.resize(buffer.len() + len, number as u8));
        }
        socket.send(&outbox, |_| {});
        let mut buffer = [0; 2000];
        lengths.iter().map(|_| receiver.recv(&mut buffer).map(|len| (buffer[0], len)).expect("all")).collect()
    }

    #[test]
    fn datagrams_arrive_as_they_were_with_and_without_offload() {
        for offload in [true, false] {
            let mut socket = bind("127.0.0.1:0");
            socket.offload = offload;
            let lengths = [700, 700, 300, 1200, 1200, 1200, 40];
            let expected: Vec<_> = (0..).zip(lengths).collect();
            assert_eq!(sent_through(&mut socket, &lengths), expected);
            assert_eq!(socket.drops().named().count(), 0);
        }
    }

    #[test]
    fn an_unspecified_ipv6_socket_speaks_ipv4_and_sees_plain_addresses() {
        let Ok(mut socket) = Socket::bind("[::]:0".parse().expect("an address")) else {
            return; // a machine without IPv6
        };
        assert_eq!(sent_through(&mut socket, &[5]), [(0, 5)]);
        let (sender, from) = receiver();
        let port = socket.address().expect("bound").port();
        sender.send_to(b"hello", ("127.0.0.1", port)).expect("sent");
        let mut seen = None;
        sys::wait([socket.fd(), socket.fd()], Some(Duration::from_secs(30))).expect("poll");
        assert_eq!(socket.receive(|from, datagram| seen = Some((from, datagram.to_vec()))), 1);
        assert_eq!(seen, Some((from, b"hello".to_vec())));
        assert_eq!(socket.receive(|_, _| ()), 0);
    }

    #[test]
    fn what_the_kernel_refuses_is_counted_by_reason() {
        let mut socket = bind("127.0.0.1:0");
        let mut outbox = Outbox::new();
        outbox.push("127.0.0.1:9".parse::<SocketAddr>().expect("an address"), |buffer| {
            buffer.resize(buffer.len() + 65_508, 0); // one byte more than IPv4 can carry
        });
        outbox.push("[2001:db8::1]:9".parse::<SocketAddr>().expect("an address"), |buffer| buffer.push(1));
        socket.send(&outbox, |_| {});
        let drops: Vec<_> = socket.drops().named().collect();
        assert_eq!(drops, [("too_large", 1), ("send_failed", 1)]);
    }
}
