//! Who is together, and who is heard.

use std::collections::HashMap;
use std::sync::Arc;

use crate::speech::Speech;
use crate::timers::Alarm;

/// One room, from its first peer to its last.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: Arc<str>,
    /// Keys, in the order in which they came.
    pub(crate) peers: Vec<u32>,
    pub(crate) by_id: HashMap<Arc<str>, u32>,
    /// Who speaks, by the keys of their microphones' streams.
    pub(crate) speech: Speech<u32>,
    /// Streams of the screens' sounds that are on, in the order in which they were switched on.
    pub(crate) screen_sounds: Vec<u32>,
    pub(crate) alarm: Alarm,
    /// The other engines that have a part of it.
    pub(crate) parts: Vec<u32>,
    /// Keys of the streams that other parts offer, by their owners.
    pub(crate) relayed: HashMap<Arc<str>, Vec<u32>>,
    /// When something is to be asked of other parts.
    pub(crate) relay_alarm: Alarm,
}

impl Room {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            peers: Vec::new(),
            by_id: HashMap::new(),
            speech: Speech::new(),
            screen_sounds: Vec::new(),
            alarm: Alarm::default(),
            parts: Vec::new(),
            relayed: HashMap::new(),
            relay_alarm: Alarm::default(),
        }
    }

    /// Whether the part of this number, which is the own one, decides what has to be the same for all of them.
    pub(crate) fn leads(&self, own: u32) -> bool {
        self.parts.iter().all(|part| own < *part)
    }

    pub(crate) fn add(&mut self, id: Arc<str>, peer: u32) {
        self.peers.push(peer);
        self.by_id.insert(id, peer);
    }

    pub(crate) fn remove(&mut self, id: &str, peer: u32) {
        self.peers.retain(|it| *it != peer);
        self.by_id.remove(id);
    }
}
