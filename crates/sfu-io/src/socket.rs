//! The worker's UDP socket: what the kernel refuses is counted, never waited for.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

use sfu::Outbox;

use crate::sys;

/// Wanted for both kernel buffers: a quarter of a second of 100 Mbit/s. The kernel gives less where
/// `net.core.rmem_max` is lower, which `SO_RCVBUFFORCE` passes over for a privileged process.
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
    socket: UdpSocket,
    buffer: Box<[u8]>,
    /// Until the kernel or a device refuses.
    offload: bool,
    /// The socket takes IPv6 addresses only, IPv4 as mapped ones.
    six: bool,
    drops: Drops,
}

impl Socket {
    /// Binds and sets what pays: large buffers, joined reads, the kernel's drop counter.
    pub(crate) fn bind(listen: SocketAddr) -> io::Result<Self> {
        let socket = sys::udp_socket(listen)?;
        for (name, forced) in
            [(libc::SO_RCVBUF, libc::SO_RCVBUFFORCE), (libc::SO_SNDBUF, libc::SO_SNDBUFFORCE)]
        {
            if sys::set_option(&socket, libc::SOL_SOCKET, forced, BUFFER_BYTES).is_err() {
                sys::set_option(&socket, libc::SOL_SOCKET, name, BUFFER_BYTES)?;
            }
        }
        // Old kernels know neither: datagrams then come one by one, and their loss is not counted.
        let _ = sys::set_option(&socket, libc::SOL_UDP, libc::UDP_GRO, 1);
        let _ = sys::set_option(&socket, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1);
        let buffer = vec![0; RECEIVE_BYTES].into_boxed_slice();
        Ok(Self { socket, buffer, offload: true, six: listen.is_ipv6(), drops: Drops::default() })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// For waiting.
    pub(crate) fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// What was lost so far.
    pub(crate) fn drops(&self) -> Drops {
        self.drops
    }

    /// Reads once and hands every datagram on. How many there were; 0 when none waits.
    pub(crate) fn receive(&mut self, mut handle: impl FnMut(SocketAddr, &mut [u8])) -> usize {
        let received = match sys::receive(&self.socket, &mut self.buffer) {
            Ok(received) => received,
            // A pending ICMP error of an earlier send is reported once and says nothing about what waits.
            Err(error) if error.kind() != ErrorKind::WouldBlock => return 1,
            Err(_) => return 0,
        };
        if let Some(overflow) = received.overflow {
            self.drops.receive_queue_full = u64::from(overflow);
        }
        let Some(from) = received.from else { return 1 };
        let datagrams = self.buffer[..received.len].chunks_mut(received.segment.max(1));
        datagrams.map(|datagram| handle(from, datagram)).count().max(1)
    }

    /// Sends everything.
    pub(crate) fn send(&mut self, outbox: &Outbox) {
        for (batch, bytes) in outbox.batches() {
            self.send_run(batch.to, bytes, batch.segment);
        }
    }

    fn send_run(&mut self, to: SocketAddr, bytes: &[u8], segment: usize) {
        let to = sys::to_raw(self.as_family(to));
        if self.offload && bytes.len() > segment {
            match sys::send(&self.socket, &to, &[IoSlice::new(bytes)], Some(segment as u16)) {
                Ok(()) => return,
                // EIO: the device cannot make checksums; EINVAL: no such option, or larger than the path takes.
                Err(error) if matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL)) => {
                    self.offload = false;
                }
                Err(error) => return self.drops.count(&error, bytes.len().div_ceil(segment) as u64),
            }
        }
        for datagram in bytes.chunks(segment) {
            if let Err(error) = sys::send(&self.socket, &to, &[IoSlice::new(datagram)], None) {
                self.drops.count(&error, 1);
            }
        }
    }

    /// The receiver as the socket's family writes it.
    fn as_family(&self, to: SocketAddr) -> SocketAddr {
        match to {
            SocketAddr::V4(v4) if self.six => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
            _ => to,
        }
    }
}
