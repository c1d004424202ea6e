//! A TURN server (RFC 8656) over streams that relays to the media addresses of its own node and to nothing else. Without
//! I/O: no sockets, clocks or threads.
//!
//! ```text
//! stream ──► wire::stun::turn::take_frame ──► Server::receive ─┬─► answer to the stream
//!                                              (Session)       └─► Relay::send ──► a media address
//! stream ◄────────────────────── Server::relay_back ◄──────────────────────────── its datagrams
//! ```
//!
//! One connection is one [`Session`] with one allocation at most (the 5-tuple of RFC 8656 §5). Long-term credentials are
//! made from a secret that the control plane shares (`credentials.rs`), so that nothing is stored about anybody.
//!
//! Who has proved nothing gets one short answer a request and is cut off after [`MAX_FAILURES`] of them; over a stream
//! nobody's address can be forged, so nothing is amplified to anybody.

mod allocation;
mod credentials;
mod server;

pub use server::{MAX_FAILURES, Server, Session};

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use wire::stun::turn::Family;

/// How one server behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Told to clients, who make their key with it.
    pub realm: String,
    /// What passwords are made from: shared with who gives them out.
    pub secret: String,
    /// Where relayed datagrams may go: nowhere else.
    pub destinations: Vec<SocketAddr>,
    /// Seed of nonces; from the system's generator outside tests.
    pub seed: [u8; 32],
    /// Time of day at the `now` that [`Server::new`] is given: what user names are compared with.
    pub wall_clock: SystemTime,
    /// What clients may take.
    pub limits: Limits,
}

/// What bounds one client and all of them.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Relayed addresses at a time: each is a connection and a socket, so two files.
    pub allocations: usize,
    /// Of one participant: a browser makes one a network interface and connection, and comes back before the old are noticed.
    pub allocations_per_user: usize,
    /// The longest that an allocation lives without being refreshed. Less finds out sooner who is gone without a word.
    pub lifetime: Duration,
    /// How long a nonce may be used. Less makes a captured request worthless sooner, and costs a round trip then.
    pub nonce: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            allocations: 1000,
            allocations_per_user: 12,
            lifetime: Duration::from_secs(3600),
            nonce: Duration::from_secs(3600),
        }
    }
}

/// The other side of a session: its relayed transport address.
pub trait Relay {
    /// Makes one of this family, if wanted with an even port; `None` when there is none to be had.
    fn open(&mut self, family: Family, even_port: bool) -> Option<SocketAddr>;

    /// Gives it back.
    fn close(&mut self);

    /// Sends one datagram from it to `to`, which is one of the destinations.
    fn send(&mut self, to: SocketAddr, datagram: &[u8]);
}
