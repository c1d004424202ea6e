//! Who is at the other end of a way through the network.

use std::net::SocketAddr;

/// What carries datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// As they are.
    Udp,
    /// One after the other in a stream, each behind its length (RFC 4571): where a network takes no UDP (RFC 6544).
    Tcp,
}

/// A transport address: UDP and TCP from one address and port are two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Remote {
    /// What carries the datagrams.
    pub protocol: Protocol,
    /// Address and port.
    pub address: SocketAddr,
}

impl Remote {
    /// The far end of a TCP connection.
    pub const fn tcp(address: SocketAddr) -> Self {
        Self { protocol: Protocol::Tcp, address }
    }

    /// Whether a connection carries it.
    pub fn is_tcp(self) -> bool {
        self.protocol == Protocol::Tcp
    }
}

impl From<SocketAddr> for Remote {
    /// By UDP, the usual way.
    fn from(address: SocketAddr) -> Self {
        Self { protocol: Protocol::Udp, address }
    }
}
