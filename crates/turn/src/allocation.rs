//! One relayed address: who may send to it, and under which numbers.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::credentials::Key;

/// RFC 8656 §9.
const PERMISSION: Duration = Duration::from_secs(300);
/// RFC 8656 §12.
const CHANNEL: Duration = Duration::from_secs(600);
/// Of each at a time: a node's media addresses are one or two a family and worker.
pub(crate) const MAX_PEERS: usize = 64;

#[derive(Debug)]
pub(crate) struct Allocation {
    pub(crate) relayed: SocketAddr,
    pub(crate) name: Vec<u8>,
    /// What counts against its quota.
    pub(crate) user: String,
    pub(crate) key: Key,
    pub(crate) ends: Instant,
    permissions: Vec<(IpAddr, Instant)>,
    channels: Vec<(u16, SocketAddr, Instant)>,
}

impl Allocation {
    pub(crate) fn new(relayed: SocketAddr, name: &[u8], user: &str, key: Key, ends: Instant) -> Self {
        Self {
            relayed,
            name: name.to_vec(),
            user: user.to_owned(),
            key,
            ends,
            permissions: Vec::new(),
            channels: Vec::new(),
        }
    }

    /// Lets an address send for a while, or longer; `false` when there are too many.
    pub(crate) fn permit(&mut self, now: Instant, peer: IpAddr) -> bool {
        let until = now + PERMISSION;
        if let Some(known) = self.permissions.iter_mut().find(|(ip, _)| *ip == peer) {
            known.1 = until;
            return true;
        }
        self.permissions.retain(|(_, until)| *until > now);
        let room = self.permissions.len() < MAX_PEERS;
        if room {
            self.permissions.push((peer, until));
        }
        room
    }

    pub(crate) fn permits(&self, now: Instant, peer: IpAddr) -> bool {
        self.permissions.iter().any(|(ip, until)| *ip == peer && *until > now)
    }

    /// Gives a peer a number for a while, or longer, and lets it send; `false` when one of them belongs to another.
    pub(crate) fn bind(&mut self, now: Instant, channel: u16, peer: SocketAddr) -> bool {
        self.channels.retain(|(_, _, until)| *until > now);
        if self.channels.iter().any(|(number, other, _)| (*number == channel) != (*other == peer)) {
            return false;
        }
        if self.channels.len() >= MAX_PEERS || !self.permit(now, peer.ip()) {
            return false;
        }
        self.channels.retain(|(number, ..)| *number != channel);
        self.channels.push((channel, peer, now + CHANNEL));
        true
    }

    pub(crate) fn peer_of(&self, now: Instant, channel: u16) -> Option<SocketAddr> {
        self.channels.iter().find(|(number, _, until)| *number == channel && *until > now).map(|it| it.1)
    }

    pub(crate) fn channel_of(&self, now: Instant, peer: SocketAddr) -> Option<u16> {
        self.channels.iter().find(|(_, other, until)| *other == peer && *until > now).map(|it| it.0)
    }
}
