//! Which peer a datagram belongs to.
//!
//! An address is in the table only after an authenticated check came from it: until then, and from anywhere else,
//! DTLS and SRTP are dropped. Otherwise a stranger's handshake could take a session's place (CVE-2023-49786).

use std::collections::HashMap;

use crate::Remote;

/// Tables from what is on the wire to peers' keys. The hashes are keyed at random, so nobody can aim at one bucket.
#[derive(Debug, Default)]
pub(crate) struct Demux {
    by_address: HashMap<Remote, u32>,
    by_ufrag: HashMap<Vec<u8>, u32>,
}

impl Demux {
    /// The peer that proved to be at `from`.
    pub(crate) fn peer_at(&self, from: Remote) -> Option<u32> {
        self.by_address.get(&from).copied()
    }

    /// The peer whose check names our fragment `ufrag`.
    pub(crate) fn peer_of(&self, ufrag: &[u8]) -> Option<u32> {
        self.by_ufrag.get(ufrag).copied()
    }

    pub(crate) fn expect(&mut self, ufrag: &str, peer: u32) {
        self.by_ufrag.insert(ufrag.as_bytes().to_vec(), peer);
    }

    pub(crate) fn retire(&mut self, ufrag: &str) {
        self.by_ufrag.remove(ufrag.as_bytes());
    }

    /// The last who proved to be at an address owns it: a NAT may have given it to another client.
    pub(crate) fn learn(&mut self, address: Remote, peer: u32) {
        self.by_address.insert(address, peer);
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_address.is_empty() && self.by_ufrag.is_empty()
    }

    /// Forgets an address, if it still is this peer's.
    pub(crate) fn forget(&mut self, address: Remote, peer: u32) {
        if self.peer_at(address) == Some(peer) {
            self.by_address.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_its_last_prover() {
        let mut demux = Demux::default();
        let address = Remote::from(std::net::SocketAddr::from(([192, 0, 2, 1], 5)));
        demux.learn(address, 1);
        demux.learn(address, 2);
        demux.forget(address, 1);
        assert_eq!(demux.peer_at(address), Some(2));
        demux.forget(address, 2);
        assert_eq!(demux.peer_at(address), None);
    }
}
