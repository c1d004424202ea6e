//! A relayed address: a UDP socket that speaks to the workers of this node and hears nobody else.

use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

use turn::Relay;
use wire::stun::turn::Family;

use crate::addresses::Route;
use crate::sys;

/// The largest run that the kernel joins (`UDP_GRO`), and the largest datagram there is.
pub(crate) const RECEIVE_BYTES: usize = 64 << 10;

/// Ports that the system may choose until one is even, where that is asked for.
const FREE_PORTS: u32 = 16;

#[derive(Debug)]
pub(crate) struct RelaySocket {
    routes: Arc<[Route]>,
    udp: Option<UdpSocket>,
    is_new: bool,
    /// What each worker was asked as, the last time: as that it answers. A worker with two names hears of one only.
    asked: Vec<Route>,
    pub(crate) lost: u64,
}

impl RelaySocket {
    pub(crate) fn new(routes: Arc<[Route]>) -> Self {
        Self { routes, udp: None, is_new: false, asked: Vec::new(), lost: 0 }
    }

    /// A socket that was made since the last call: to wait on.
    pub(crate) fn new_fd(&mut self) -> Option<RawFd> {
        std::mem::take(&mut self.is_new).then(|| self.udp.as_ref().map(AsRawFd::as_raw_fd)).flatten()
    }

    /// Reads once and hands on what workers sent, with the address that the client knows them by. How many datagrams there
    /// were; 0 when none waits.
    pub(crate) fn receive(&self, buffer: &mut [u8], mut handle: impl FnMut(SocketAddr, &[u8])) -> usize {
        let Some(udp) = &self.udp else { return 0 };
        let received = match sys::receive(udp, buffer) {
            Ok(received) => received,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return 0,
            // An ICMP error of an earlier send, told once.
            Err(_) => return 1,
        };
        let known = self.asked.iter().find(|route| received.from == Some(route.local));
        let Some(known) = known else { return 1 };
        let datagrams = buffer[..received.len].chunks(received.segment.max(1));
        let count = datagrams.len();
        datagrams.for_each(|datagram| handle(known.advertised, datagram));
        count
    }
}

impl Relay for RelaySocket {
    fn open(&mut self, family: Family, even_port: bool) -> Option<SocketAddr> {
        let route = self.routes.iter().find(|route| Family::of(route.local) == family)?;
        let one = || sys::udp_socket(SocketAddr::new(route.local.ip(), 0)).ok();
        let is_wanted =
            |udp: &UdpSocket| !even_port || udp.local_addr().is_ok_and(|it| it.port().is_multiple_of(2));
        let udp = (0..FREE_PORTS).find_map(|_| one().filter(is_wanted))?;
        // An old kernel does not know it: datagrams then come one by one.
        let _ = sys::set_option(&udp, libc::SOL_UDP, libc::UDP_GRO, 1);
        let address = udp.local_addr().ok()?;
        (self.udp, self.is_new) = (Some(udp), true);
        Some(address)
    }

    fn close(&mut self) {
        self.udp = None;
        self.asked.clear();
    }

    fn send(&mut self, to: SocketAddr, datagram: &[u8]) {
        let route = self.routes.iter().find(|route| route.advertised == to).copied();
        let (Some(udp), Some(route)) = (&self.udp, route) else { return };
        match self.asked.iter_mut().find(|it| it.local == route.local) {
            Some(known) => *known = route,
            None => self.asked.push(route),
        }
        if udp.send_to(datagram, route.local).is_err() {
            self.lost += 1;
        }
    }
}
